# ruff: noqa: RUF001 - the addresses contain characters of many scripts
"""Hosts of addresses, read as browsers read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.content.html.sanitise import sanitise_html
from service.content.html.urls import (
    EVERY_HOST,
    HostList,
    HostListError,
    has_safe_scheme,
    is_raster_image,
    is_readable,
)
from service.content.rules import DEFAULT_RULES

ONE = HostList.parse("good.example")

ELSEWHERE = (
    "https://evil.example/a.png",
    "//evil.example/a.png",
    "///evil.example/a.png",
    "/\\evil.example/a.png",
    "\\\\evil.example/a.png",
    "\\/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "https:/evil.example",
    "https:///evil.example",
    "https:\\\\evil.example",
    "https:evil.example",
    "http:evil.example",
    "HTTPS:evil.example",
    "ht\ttps:/\n/evil.example",
    "\x00\x1f https://evil.example",
    "\u00a0https://evil.example",
    "\ufeff//evil.example",
    "\u200b/\u200b/evil.example",
    "https://good.example@evil.example/",
    "https://good.example:443@evil.example/",
    "https://good.example%40evil.example/",
    "https://good.example\\@evil.example/",
    "https://evil.example\\@good.example/",
    "https://evil.example#@good.example/",
    "https://evil.example?@good.example/",
    "https://evil.example/good.example",
    "https://evil.example\t.good.example.evil.example",
    "https://good.example.evil.example",
    "https://evilgood.example",
    "https://www.good.example",
    "https://evil。example",
    "https://ｅｖｉｌ.example",
    "https://ev%69l.example",
    "https://evil.example.",
    "https://good.example:8443/",
    "http://good.example:443/",
    "https://0x7f.1/",
    "https://2130706433/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "ftp://good.example/",
    "ws://good.example/",
    "javascript://good.example/%0aalert(1)",
    "blob:https://good.example/1",
    "file://good.example/",
    "good.example:x",
)
UNREADABLE = (
    "https://",
    "https://good.example:99999/",
    "https://good.example:x/",
    "https://good .example/",
    "https://[good.example]/",
    "https://good.example%00/",
    "https://xn--/",
    "https://a.1.2.3.256/",
    "//",
    "https://good.example\ud800",
)
SAME = (
    "https://good.example",
    "http://good.example/a?b#c",
    "//good.example/a.png",
    "\\\\good.example",
    "https://good.example:443/",
    "http://good.example:80/",
    "https://GOOD.Example/",
    "https://good.example./",
    "https://goo%64.example/",
    "https://good。example/",
    "https://ｇｏｏｄ.example/",
    " https://good.example ",
    "https://evil.example@good.example/",
    "https://good.example/@evil.example",
    "https://good.example?https://evil.example",
)
RELATIVE = ("", "a.png", "/a.png", "../a", "?q=https://evil.example", "#a", "/a:b", "./https://evil.example", "a//b")


@pytest.mark.parametrize("url", ELSEWHERE + UNREADABLE)
def test_an_address_on_another_host_is_refused_however_it_is_written(url: str) -> None:
    assert not ONE.allows(url)
    assert not HostList.parse("none").allows(url)
    assert not HostList.parse("good.example,relative,data:").allows(url)


@pytest.mark.parametrize("url", SAME)
def test_an_address_on_the_host_is_allowed_however_it_is_written(url: str) -> None:
    assert ONE.allows(url)
    assert HostList.parse("*.other.example,good.example:*").allows(url)
    assert not HostList.parse("other.example,relative,data:").allows(url)


@pytest.mark.parametrize("url", RELATIVE)
def test_relative_addresses_are_allowed_explicitly(url: str) -> None:
    assert not ONE.allows(url)
    assert HostList.parse("relative").allows(url)
    assert HostList.parse("good.example, relative").allows(url)


def test_an_address_that_is_relative_on_some_pages_is_checked_in_both_readings() -> None:
    for url in ("https:good.example", "http:good.example/a", "https:/good.example"):
        assert not ONE.allows(url)
        assert HostList.parse("good.example,relative").allows(url)
    for url in ("https://a.invalid/", "http://b.invalid/", "https:a.invalid", "http:b.invalid"):
        assert not HostList.parse("relative").allows(url)


def test_a_host_with_many_labels_is_found_by_its_parents_or_refused() -> None:
    hosts = HostList.parse(",".join(f"*.h{number}.example" for number in range(3000)))
    assert hosts.allows(f"https://{'a.' * 100}h2999.example/")
    assert not hosts.allows(f"https://{'a.' * 50_000}h2999.example/")
    assert not hosts.allows("https://example/")


def test_data_is_allowed_explicitly() -> None:
    image = "data:image/png;base64,AAAA"
    assert not ONE.allows(image)
    assert not HostList.parse("relative").allows(image)
    assert HostList.parse("data:").allows(image)
    assert not HostList.parse("data:").allows("https://data:/")


def test_addresses_without_a_host_are_left_to_their_scheme() -> None:
    for url in ("mailto:a@evil.example", "tel:+1", "MAILTO:a@b.example"):
        assert ONE.allows(url)
    assert HostList.parse("none").allows("mailto:a@b.example")


@pytest.mark.parametrize("url", ELSEWHERE + UNREADABLE + SAME + RELATIVE)
def test_every_address_is_allowed_by_default(url: str) -> None:
    assert HostList.parse(" * ") == EVERY_HOST
    assert EVERY_HOST.allows(url)


@pytest.mark.parametrize(
    ("entry", "allowed", "refused"),
    [
        (
            "*.a.example",
            ("https://x.a.example", "https://x.y.a.example:443"),
            ("https://a.example", "https://xa.example"),
        ),
        ("a.example:8443", ("https://a.example:8443", "http://a.example:8443"), ("https://a.example",)),
        ("a.example:443", ("https://a.example",), ("http://a.example", "https://a.example:80")),
        ("a.example:*", ("https://a.example", "http://a.example:1"), ("https://b.a.example",)),
        ("*.a.example:81", ("http://x.a.example:81",), ("http://x.a.example", "http://a.example:81")),
        ("A.Example.", ("https://a.example", "https://A.EXAMPLE."), ("https://b.example",)),
        ("bücher.example", ("https://xn--bcher-kva.example", "https://BÜCHER.example"), ("https://bucher.example",)),
        ("[::1]:8080", ("http://[::1]:8080", "http://[0:0:0:0:0:0:0:1]:8080"), ("http://[::1]", "http://[::2]:8080")),
        ("127.0.0.1", ("http://127.0.0.1", "http://127.1", "http://0x7f000001"), ("http://127.0.0.2",)),
        ("localhost:3000", ("http://localhost:3000/a",), ("http://localhost",)),
    ],
)
def test_an_entry_is_a_host_with_its_subdomains_or_a_port(
    entry: str, allowed: tuple[str, ...], refused: tuple[str, ...]
) -> None:
    hosts = HostList.parse(entry)
    assert [url for url in allowed if not hosts.allows(url)] == []
    assert [url for url in refused if hosts.allows(url)] == []


@pytest.mark.parametrize(
    ("entry", "advice"),
    [
        ("", "An entry is empty"),
        ("a.example,", "An entry is empty"),
        ("https://a.example", "'https://a.example' has a scheme: write only the host"),
        ("//a.example", "has a scheme"),
        ("mailto:a", "has a scheme"),
        ("a.example/", "has a path"),
        ("a.example?x", "has a path"),
        ("a.example\\x", "has a path"),
        ("a@b.example", "has a user name"),
        ("a.example b.example", "has a space: separate hosts with commas"),
        ("a.*.example", "write *.example.com"),
        ("**.example", "write *.example.com"),
        ("*example", "write *.example.com"),
        ("*.", "write *.example.com"),
        ("::1", "write an IPv6 address in brackets"),
        ("[::1", "in brackets"),
        ("[::g]", "is not a host"),
        ("[1::2::3]", "not a host that a browser accepts"),
        ("a.example:", "is not a host"),
        ("a.example:https", "is not a host"),
        ("a.example:0", "has a port that is not from 1 to 65535"),
        ("a.example:65536", "has a port that is not from 1 to 65535"),
        ("1.2.3.256", "not a host that a browser accepts"),
        ("a%00.example", "not a host that a browser accepts"),
        ("*.127.0.0.1", "has no subdomains"),
        ("*.[::1]", "has no subdomains"),
        ("*,a.example", "Write * alone"),
        ("none,relative", "Write none alone"),
    ],
)
def test_a_wrong_entry_is_reported_with_what_to_do(entry: str, advice: str) -> None:
    with pytest.raises(HostListError) as refusal:
        HostList.parse(entry)
    assert advice in str(refusal.value)


def test_equal_lists_are_written_equally() -> None:
    lists = ("b.example,A.example.,relative", "relative, a.example,b.example,b.example")
    assert len({HostList.parse(text).entries for text in lists}) == 1
    distinct = ("*", "none", "relative", "data:", "a.example", "*.a.example", "a.example:1", "a.example:*")
    assert len({HostList.parse(text).entries for text in distinct}) == len(distinct)


@given(st.lists(st.sampled_from(["https:", "/", "\\", "evil.example", "@", ":", "#", "?", "\t", " ", ".", "。", "a"])))
def test_no_spelling_of_another_host_is_allowed(parts: list[str]) -> None:
    assert not ONE.allows("".join(parts))


@given(
    st.lists(
        st.sampled_from(
            ["https:", "http:", "//", "/", "a.example", "b.example", "127.1", "xn--", "0x7f", ".", ":80", "é"]
        )
        | st.text(max_size=3),
        max_size=6,
    ).map("".join)
)
def test_what_is_allowed_without_the_parser_is_allowed_by_it(url: str) -> None:
    for hosts in (HostList.parse("a.example,127.0.0.1,*.b.example"), HostList.parse("relative")):
        if hosts.allows(url):
            assert hosts.allows(f"\t{url}"), "a tab is skipped, and only the parser does that"


def test_schemes_are_read_strictly_in_both_readings() -> None:
    for url in ("https://x", "mailto:a", "TEL:1", "/a:b", "?javascript:x", "\u200bhttps://x", "a"):
        assert has_safe_scheme(url)
    for url in ("javascript:x", "java\tscript:x", "\u200bjavascript:x", "data:image/png;base64,AA", "x:y"):
        assert not has_safe_scheme(url)
    assert is_raster_image("data:image/png;base64,AA==")
    assert not is_raster_image("data:image/svg+xml;base64,AA==")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.com/a?b=1&c=2", True),
        ("/a:b", True),
        ("tel:1", True),
        ("https://müller.example/", True),
        ("http://xn--a/", False),
        ("http://a&b/", False),
        ("https:javascript:x", False),
    ],
)
def test_what_the_cleaner_would_remove_is_not_readable(url: str, expected: bool) -> None:
    assert is_readable(url) == expected
    html = sanitise_html(f'<a href="{url}">a</a>', DEFAULT_RULES, 1000).html
    assert ("href" in html) == expected

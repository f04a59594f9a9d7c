"""Values of attributes, and the counts of what they lose."""

import re

import pytest

from service.content.html.attributes import AttributeFilter
from service.content.html.policy import PAGE
from service.content.html.references import write_value
from service.content.html.removal import Removal
from service.content.html.sanitise import sanitise_html
from service.content.html.urls import HostList
from service.content.rules import DEFAULT_RULES, ContentRules

NO_LIMIT = 10**9
HOSTS = ContentRules(image_hosts=HostList.parse("cdn.example"), link_hosts=HostList.parse("www.example,relative"))


@pytest.mark.parametrize(
    ("url", "of_link", "of_image"),
    [
        ("https://www.example/", None, Removal.IMAGE_HOST),
        ("https://cdn.example/", Removal.LINK_HOST, None),
        ("/a", None, Removal.IMAGE_HOST),
        ("mailto:a@b.example", None, None),
        ("javascript:x", Removal.URL, Removal.URL),
        ("data:image/png;base64,AA==", Removal.URL, Removal.IMAGE_HOST),
    ],
)
def test_an_address_is_refused_by_its_scheme_or_its_host(
    url: str, of_link: Removal | None, of_image: Removal | None
) -> None:
    attributes = AttributeFilter(HOSTS)
    for name, attribute, removal in (("a", "href", of_link), ("img", "src", of_image)):
        tag = attributes.start_tag(name, [(attribute, url)])
        assert (tag.text, list(tag.removed)) == (
            (f'<{name} {attribute}="{url}">', []) if removal is None else ("<a>" if name == "a" else "", [removal])
        )


@pytest.mark.parametrize(
    ("html", "expected", "removed"),
    [
        ('<a href="https://evil.example/">a</a>', "<a>a</a>", {Removal.LINK_HOST: 1}),
        ('<a href="https://www.example/">a</a><a href="/b">b</a>', None, {}),
        ("<a href='javascript:x'>a</a><a href='//evil.example'>b</a>", "<a>a</a><a>b</a>", {"url": 1, "link_host": 1}),
        ('<q cite="https://evil.example/">a</q>', "<q>a</q>", {Removal.LINK_HOST: 1}),
        ('<p><img src="https://cdn.example/a"></p>', None, {}),
    ],
)
def test_refused_hosts_are_counted_once(html: str, expected: str | None, removed: dict[Removal, int]) -> None:
    sanitised = sanitise_html(html, HOSTS, NO_LIMIT)
    assert (sanitised.html, sanitised.removed) == (html if expected is None else expected, removed)


def test_a_refused_image_leaves_its_alternative_text() -> None:
    sanitised = sanitise_html('<p>a <img alt="b" src="https://evil.example/?secret"> c</p>', HOSTS, NO_LIMIT)
    assert "evil.example" not in sanitised.html.replace('<a href="https://evil.example', "")
    assert "<img" not in sanitised.html
    assert "b" in sanitised.html
    assert sanitised.removed[Removal.IMAGE_HOST] == 1


CARRIERS = (
    '<p>a <img src="{}" alt="b"> <a href="{}">c</a> <q cite="{}">d</q></p>',
    '<img srcset="{} 2x" src="/a" longdesc="{}" usemap="{}"><picture><source srcset="{}"><img src="{}"></picture>',
    '<video poster="{}" src="{}">e</video><audio src="{}"></audio><embed src="{}"><object data="{}">f</object>',
    '<iframe src="{}"></iframe><link rel="stylesheet" href="{}"><base href="{}">',
    '<meta http-equiv="refresh" content="0;{}">',
    '<table background="{}"><tr background="{}"><td background="{}">g</td></tr></table><input type="image" src="{}">',
    '<p style="background: url({}); list-style-image: url({}); content: url({})">h</p><style>@import "{}"</style>',
    '<svg><image href="{}"/><use xlink:href="{}"/></svg><math href="{}"><mi>i</mi></math><a ping="{}" href="/">j</a>',
    '<span data-type="mention" data-id="{}" data-label="{}" data-src="{}" data-url="{}" data-value="{}">k</span>',
    '<span data-latex="\\includegraphics{{{}}}">l</span>',
    '<div data-type="block-math" data-latex="\\href{{{}}}{{m}}"></div>',
    '<body background="{}"><form action="{}"><button formaction="{}">n</button></form></body>',
)


@pytest.mark.parametrize("html", CARRIERS)
@pytest.mark.parametrize(
    "url", ["https://evil.example/?secret", "//evil.example/?secret", "https:/\\evil.example/?secret"]
)
def test_no_attribute_carries_data_to_another_host(html: str, url: str) -> None:
    for rules in (HOSTS, ContentRules(image_hosts=HostList.parse("none"), link_hosts=HostList.parse("none"))):
        sanitised = sanitise_html(html.replace("{}", url).replace("{{", "{").replace("}}", "}"), rules, NO_LIMIT).html
        tags = "".join(re.findall(r"<[^>]*>", sanitised))
        assert "evil" not in tags
        assert "secret" not in tags


@pytest.mark.parametrize(
    ("element", "attribute", "value", "allowed"),
    [
        ("p", "class", " fixed  mention ", "mention"),
        ("p", "class", "fixed", None),
        ("p", "lang", "de-AT", "de-AT"),
        ("p", "title", "<anything>", "<anything>"),
        ("p", "dir", "rtl", "rtl"),
        ("p", "dir", "left", None),
        ("p", "href", "/", None),
        ("p", "style", "color: red; position: fixed", "color: red"),
    ],
)
def test_a_value_is_reduced_to_what_is_allowed(element: str, attribute: str, value: str, allowed: str | None) -> None:
    text = AttributeFilter(DEFAULT_RULES).start_tag(element, [(attribute, value)]).text
    kept = "" if allowed is None else f' {attribute}="{write_value(allowed)}"'
    assert text == f"<{element}{kept}>"


def test_styles_are_those_of_the_policy() -> None:
    attributes = AttributeFilter(ContentRules(policy=PAGE))
    for style, allowed in (
        ("width: 1px", None),
        ("COLOR: red; Width: 1px", "color: red"),
        ("color:red;;text-align:left;", "color:red;;text-align:left;"),
    ):
        kept = "" if allowed is None else f' style="{allowed}"'
        assert attributes.start_tag("p", [("style", style)]).text == f"<p{kept}>"

"""The address that limits count: forged headers never choose it, and proxies never hide it."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.client_address import TrustedProxies

PROXIES = TrustedProxies.parse("10.0.0.0/8, 2001:db8:aaaa::/48")
PROXY = "10.0.0.1"
CLIENT = "203.0.113.7"


def client_address(peer: str | None, *forwarded: str, proxies: TrustedProxies = PROXIES) -> str:
    headers = [(b"host", b"example.com"), *((b"x-forwarded-for", value.encode()) for value in forwarded)]
    return proxies.client_address({"client": None if peer is None else (peer, 50_000), "headers": headers})


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        (CLIENT, [], CLIENT),
        (CLIENT, ["198.51.100.1"], CLIENT),  # the peer is no proxy: its header is its own invention
        (PROXY, [CLIENT], CLIENT),
        (PROXY, [f"198.51.100.1, {CLIENT}"], CLIENT),  # what the client sent is left of what the proxy added
        (PROXY, [f"{CLIENT}, 10.9.9.9"], CLIENT),  # two proxies in a row
        (PROXY, ["198.51.100.1", CLIENT], CLIENT),  # two headers are one list
        (PROXY, ["10.1.1.1, 10.2.2.2"], "10.1.1.1"),  # a client inside the network of the proxies
        (PROXY, [], PROXY),
        (PROXY, [""], PROXY),
        (PROXY, [f"{CLIENT}, unknown"], PROXY),  # the proxy hides its client
        (PROXY, [f"unknown, {CLIENT}:4711"], CLIENT),
        (PROXY, ["[2001:db8::1:2:3]:443"], "2001:db8::/64"),
        (PROXY, ["2001:db8::1:2:3"], "2001:db8::/64"),
        ("2001:db8:aaaa::5", ["2001:db8:bbbb:0:1::"], "2001:db8:bbbb::/64"),
        ("::ffff:10.0.0.1", [f"::ffff:{CLIENT}"], CLIENT),
        ("fe80::1%eth0", [], "fe80::/64"),
        (None, [CLIENT], ""),
    ],
)
def test_the_client_is_the_rightmost_address_that_is_no_proxy(
    peer: str | None, forwarded: list[str], address: str
) -> None:
    assert client_address(peer, *forwarded) == address


def test_without_trusted_proxies_no_header_counts() -> None:
    assert TrustedProxies.parse(" ") == TrustedProxies()
    assert client_address(PROXY, CLIENT, proxies=TrustedProxies()) == PROXY
    assert [PROXIES.trusts(address) for address in (PROXY, "::ffff:10.0.0.1", CLIENT, "testclient")] == [
        True,
        True,
        False,
        False,
    ]


@given(st.text(st.characters(codec="latin-1")), st.sampled_from([CLIENT, f"[{CLIENT}]:1", f"{CLIENT}, 10.3.3.3"]))
def test_a_client_cannot_choose_its_address(sent: str, appended: str) -> None:
    assert client_address(PROXY, f"{sent}, {appended}".encode("latin-1").decode("latin-1")) == CLIENT


@given(st.integers(1 << 61, (1 << 62) - 1), st.binary(min_size=8, max_size=8), st.binary(min_size=8, max_size=8))
def test_ipv6_addresses_of_one_network_are_one_client(network: int, one: bytes, other: bytes) -> None:
    prefix = network.to_bytes(8, "big")
    addresses = {client_address(str(IPv6Address(prefix + host))) for host in (one, other)}
    assert addresses == {f"{IPv6Address(prefix + bytes(8))}/64"}
    assert client_address(str(IPv6Address((network + 1).to_bytes(8, "big") + one))) not in addresses


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_one_client(address: IPv4Address) -> None:
    assert client_address(str(address)) == str(address)


@pytest.mark.parametrize("text", ["10.0.0.1/8", "proxy.example.com", "10.0.0.0/33", "10.0.0.0/8,,"])
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"host bits|does not appear"):
        TrustedProxies.parse(text)


def test_a_client_is_identified_by_its_address_only_where_proxies_are_trusted() -> None:
    scope = {"client": (PROXY, 50_000), "headers": [(b"x-forwarded-for", CLIENT.encode())]}
    assert PROXIES.identify(scope, "a-session") == CLIENT
    assert TrustedProxies().identify(scope, "a-session") == "a-session"
    assert PROXIES.identify({"client": None, "headers": []}, "a-session") == "a-session"

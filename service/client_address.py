"""The address of a client, as limits count it: that of the TCP peer, or the one that a trusted proxy forwarded."""

from collections.abc import Iterable, MutableMapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Self

from msgspec import Struct

_FORWARDED_FOR = b"x-forwarded-for"

_SITE_BITS = 64
"""A host chooses the last 64 bits of its IPv6 address itself (RFC 4291), and may change them for each connection."""


class TrustedProxies(Struct, frozen=True):
    """The networks of the proxies whose ``X-Forwarded-For`` is believed."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read networks separated by commas; of an empty text none. Raises ``ValueError``."""
        return cls(tuple(ip_network(network.strip()) for network in text.split(",") if text.strip()))

    def client_address(self, scope: MutableMapping[str, Any]) -> str:
        """Return the address of the client of an HTTP or WebSocket scope: IPv4 in full, IPv6 by its /64 network.

        Each proxy appends the address of its peer, so the client is the rightmost address that is not a proxy; what is
        further left was sent by the client. An entry that is no address ends the search at the proxy that added it. The
        result is empty if the server did not learn the address of the peer.
        """
        peer = scope["client"]
        address = _parse(peer[0]) if peer else None
        if address is None:
            return ""
        if self._trusts(address):
            for entry in _forwarded(scope["headers"]):
                forwarded = _parse(_without_port(entry))
                if forwarded is None:
                    break
                address = forwarded
                if not self._trusts(address):
                    break
        return address_group(address)

    def identify(self, scope: MutableMapping[str, Any], session_id: str) -> str:
        """Return what stands for the client: its address where proxies are trusted, else its session.

        Without trusted proxies, all clients may have the address of one proxy.
        """
        return (self.networks and self.client_address(scope)) or session_id

    def trusts(self, address: str) -> bool:
        """Whether the address is that of a trusted proxy."""
        parsed = _parse(address)
        return parsed is not None and self._trusts(parsed)

    def _trusts(self, address: IPv4Address | IPv6Address) -> bool:
        return any(address in network for network in self.networks)


def address_group(address: IPv4Address | IPv6Address) -> str:
    """Return the addresses that count as one client: IPv4 in full, IPv6 by its /64 network."""
    if address.version == 4:  # noqa: PLR2004 - the version of IP
        return str(address)
    return f"{IPv6Address(int(address) >> _SITE_BITS << _SITE_BITS)}/{_SITE_BITS}"


def _forwarded(headers: Iterable[tuple[bytes, bytes]]) -> Iterable[str]:
    """The entries of X-Forwarded-For from right to left; several headers are one list (RFC 9110 section 5.3)."""
    lists = [value.decode("latin-1") for name, value in headers if name == _FORWARDED_FOR]
    return (entry.strip() for entry in reversed(",".join(lists).split(",")))


def _without_port(entry: str) -> str:
    """Some proxies write a port: 192.0.2.1:443 or [2001:db8::1]:443."""
    if entry.startswith("["):
        return entry[1:].partition("]")[0]
    return entry.partition(":")[0] if entry.count(":") == 1 else entry


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    """An address, where an IPv4 address inside IPv6 (::ffff:192.0.2.1) is the IPv4 address; or ``None``."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address

"""Addresses of links and images: their schemes, and lists of hosts that are allowed.

An address is read as browsers read it (WHATWG URL), by the parser of Node.js. Where two readings are possible, both
must be allowed.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING

from ada_url import URL
from msgspec import Struct

from service.content.html.references import write_value
from service.content.html.stand_ins import hide

if TYPE_CHECKING:
    from nh3 import Cleaner

SCHEMES = frozenset({"http", "https", "mailto", "tel"})
_WITHOUT_HOST = frozenset({"mailto:", "tel:"})

IMAGE_DATA = re.compile(r"data:image/(?:avif|bmp|gif|jpe?g|png|webp);base64,[A-Za-z0-9+/=%\s]*", re.IGNORECASE)

_RELATIVE = "relative"
_DATA = "data:"
_NONE = "none"
_DEFAULT_PORTS = {"http:": "80", "https:": "443"}
# Whether "https:x" is relative depends on the scheme of the page. No address has both of these hosts.
_PAGES = (("https://a.invalid/", "a.invalid"), ("http://b.invalid/", "b.invalid"))
# Addresses whose reading is certain: the parser takes fifty times as long. Names as Punycode are not among them, nor
# those that may be numbers.
_PLAIN = re.compile(
    r"(?:(?P<scheme>https?:)?//(?!.*?xn--)(?P<name>(?:[a-z0-9\-]+\.)*[a-z][a-z0-9\-]*)(?::(?P<port>[1-9][0-9]{0,3}))?"
    r"(?:[/?#].*)?|(?!//)[^:\\]*)",
    re.IGNORECASE | re.ASCII,
)
_ENTRY = re.compile(r"(?P<wildcard>\*\.)?(?P<host>[^\s/\\?#@:\[\]*]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>\*|[0-9]{1,5}))?")
_LARGEST_PORT = 65_535
_LONGEST_NAME = 253


_ADVICE = tuple(
    (re.compile(sign), advice)
    for sign, advice in (
        (r"\A\Z", "An entry is empty: remove the comma, or write none to allow no host."),
        (r"\s", "has a space: separate hosts with commas."),
        (r"://|\A//|\A(?i:https?|mailto|tel):", "has a scheme: write only the host, such as example.com."),
        (r"[/\\?#]", "has a path: write only the host, such as example.com."),
        (r"@", "has a user name: write only the host, such as example.com."),
        (r"\*", "has * in another place than the first label: write *.example.com."),
        (r":.*:", "is not a host: write an IPv6 address in brackets, such as [::1] or [::1]:8080."),
        (r"", "is not a host: write a name, and after a colon a port other than the default."),
    )
)
"""What to do about an entry, by the first pattern that is found in it."""


class HostListError(ValueError):
    """An entry of a list is not a host. The message states what to do."""


class HostList(Struct, frozen=True):
    """Hosts that addresses may have. ``parse`` reads one; the default allows every address."""

    ports: Mapping[str, frozenset[str]] = {}
    """By host, in lower case, as Punycode, without a dot at the end; one with a leading dot stands for all subdomains.
    An empty port is the default of the scheme, ``*`` is any."""
    relative: bool = True
    data: bool = True
    everything: bool = True
    entries: tuple[str, ...] = ("*",)
    """In one form and order, equal for equal lists."""

    @classmethod
    def parse(cls, text: str) -> "HostList":
        """Read entries separated by commas: hosts, ``relative``, ``data:``; or ``*``, or ``none``, alone.

        A host is a name, an IPv4 address, or an IPv6 address in brackets. ``*.`` before a name stands for all of its
        subdomains, but not for the name; a port follows a colon, ``*`` is any port. Without a port, the host has the
        default port of the scheme. Raises ``HostListError``.
        """
        entries = {entry.strip() for entry in text.split(",")}
        if entries == {"*"}:
            return cls()
        if entries == {_NONE}:
            return cls(relative=False, data=False, everything=False, entries=(_NONE,))
        if alone := {"*", _NONE} & entries:
            raise HostListError(f"Write {' or '.join(sorted(alone))} alone, or remove it from the list.")
        words = {_RELATIVE, _DATA} & entries
        ports: dict[str, frozenset[str]] = {}
        for host, port in map(_host, entries - words):
            ports[host] = ports.get(host, frozenset()) | {port}
        written = sorted(words | {f"{host}:{port}" for host, each in ports.items() for port in each})
        return cls(ports, _RELATIVE in words, _DATA in words, everything=False, entries=tuple(written))

    def allows(self, url: str) -> bool:
        """Return whether the host of ``url`` is allowed, in every reading. One that cannot be read is refused."""
        return self.everything or all(map(self._allows, _readings(url)))

    def _allows(self, url: str) -> bool:
        if url[:5].lower() == _DATA:
            return self.data
        plain = _PLAIN.fullmatch(url) if _is_visible(url) else None
        if plain is not None:
            scheme, name, port = plain.groups("")
            if not name:
                return self.relative
            schemes = (scheme.lower(),) if scheme else _DEFAULT_PORTS
            return all(self._has(name.lower(), port, one) for one in schemes)
        return all(self._allows_on(url, page, host) for page, host in _PAGES)

    def _allows_on(self, url: str, page: str, page_host: str) -> bool:
        try:
            read = URL(url, page)
            scheme, name, port = read.protocol, read.hostname.removesuffix("."), read.port
        except ValueError:
            return False
        if scheme in _WITHOUT_HOST:
            return True
        if scheme not in _DEFAULT_PORTS:
            return False
        if name == page_host:
            return self.relative
        return self._has(name, port, scheme)

    def _has(self, name: str, port: str, scheme: str) -> bool:
        if len(name) > _LONGEST_NAME:
            return False
        default = _DEFAULT_PORTS[scheme]
        parents = (name[place:] for place, character in enumerate(name) if character == ".")
        for host in (name, *parents):
            for allowed in self.ports.get(host, ()):
                if allowed == "*" or (allowed or default) == (port or default):
                    return True
        return False


EVERY_HOST = HostList()


def has_safe_scheme(url: str) -> bool:
    """Return whether the URL is relative or has one of ``SCHEMES`` in every browser's reading.

    Browsers skip some control and space characters in a URL; more are skipped here, because the rest must be harmless
    in either reading.
    """
    if url.startswith(("https://", "http://")):
        return True
    head, colon, _ = url.partition(":")
    if not colon:
        return True
    scheme = _without_skipped(head)
    return scheme.lower() in SCHEMES or any(delimiter in scheme for delimiter in "/?#")


def is_readable(url: str) -> bool:
    """Return whether the parser of the cleaner can read the URL: it removes any other one."""
    if ":" not in url or (_PLAIN.fullmatch(url) and _is_visible(url)):
        return True
    return "=" in _addresses().clean(f'<a href="{hide(write_value(url))}">')


@cache
def _addresses() -> "Cleaner":
    from nh3 import Cleaner  # noqa: PLC0415 - the settings read hosts before the content engine is loaded

    return Cleaner(tags={"a"}, attributes={"a": {"href"}}, url_schemes=set(SCHEMES), link_rel=None)


def is_raster_image(url: str) -> bool:
    """Return whether it is a raster image as base64 in a ``data:`` URL."""
    return IMAGE_DATA.fullmatch(url) is not None


def _readings(url: str) -> Iterator[str]:
    yield url
    if not _is_visible(url):
        # Scripts and editors trim more than the URL parser does.
        yield _without_skipped(url)
    if "\\" in url and "@" in url:
        # Outside of browsers, a backslash does not end the user name.
        yield url.replace("\\", "%5C")


def _is_visible(url: str) -> bool:
    """Return whether it has no character of those that may be skipped."""
    return url.isprintable() and " " not in url


def _without_skipped(text: str) -> str:
    return "".join(character for character in text if unicodedata.category(character)[0] not in "CZ")


def _host(entry: str) -> tuple[str, str]:
    """Return the host and the port of an entry, as in ``HostList.ports``."""
    found = _ENTRY.fullmatch(entry)
    if found is None:
        raise HostListError(_advice(entry))
    name, port = _normalised(found["host"], entry), found["port"] or ""
    if port not in ("", "*"):
        if not 0 < int(port) <= _LARGEST_PORT:
            raise HostListError(f"{entry!r} has a port that is not from 1 to 65535.")
        port = str(int(port))
    if found["wildcard"] and (name[0] == "[" or name.rpartition(".")[2].isdigit()):
        raise HostListError(f"{entry!r} is an address, which has no subdomains: remove '*.'.")
    return f".{name}" if found["wildcard"] else name, port


def _normalised(host: str, entry: str) -> str:
    try:
        name: str = URL(f"https://{host}/").hostname
    except ValueError:
        raise HostListError(f"{entry!r} is not a host that a browser accepts.") from None
    return name.removesuffix(".")


def _advice(entry: str) -> str:
    return next(f"{entry!r} {advice}" if entry else advice for sign, advice in _ADVICE if sign.search(entry))

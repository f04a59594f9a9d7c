"""GET requests to the servers of metrics, logs, traces and alerts."""

import base64
import http.client
import urllib.error
import urllib.request
from collections.abc import Mapping
from urllib.parse import SplitResult, urlencode, urlsplit, urlunsplit

import msgspec
from msgspec import Struct

from service.cli.explain.sources.gathering import Unreachable

_TIMEOUT_SECONDS = 10.0
_MAX_BYTES = 256 * 1024 * 1024
_SHOWN_CHARACTERS = 120


class Server(Struct, frozen=True):
    """A server and how it is asked. The methods raise ``Unreachable``, also for an address that is none."""

    url: str
    """http or https; a user and a password in it are sent as basic authorization."""
    token: str = ""
    """A bearer token."""
    tenant: str = ""
    """The value of X-Scope-OrgID, for Loki and Tempo with several tenants."""

    @property
    def name(self) -> str:
        """The address without credentials."""
        scheme, slashes, rest = self.url.rpartition("@")[0].partition("://")
        return f"{scheme}{slashes}{self.url.rpartition('@')[2]}" if rest else self.url

    def get(self, path: str = "", accept: str = "application/json", parameters: Mapping[str, object] = {}) -> bytes:
        """The body of the response to a GET request."""
        parts = self._parts()
        query = urlencode(parameters)
        url = urlunsplit((parts.scheme, self._host(), parts.path.rstrip("/") + path, query or parts.query, ""))
        request = urllib.request.Request(url, headers={"Accept": accept})  # noqa: S310 - _parts() admits http and https only
        for header, value in self._headers(parts).items():
            request.add_unredirected_header(header, value)  # another host does not receive them
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as response:  # noqa: S310 - as above
                body: bytes = response.read(_MAX_BYTES + 1)
        except urllib.error.HTTPError as error:
            raise Unreachable(_refusal(error)) from error
        except urllib.error.URLError as error:
            raise Unreachable(_reason(error.reason)) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Unreachable(_reason(error)) from error
        if len(body) > _MAX_BYTES:
            raise Unreachable(
                f"the response is longer than {_MAX_BYTES // 1024 // 1024} MiB; ask for a shorter --since"
            )
        return body

    def get_json(self, path: str, **parameters: object) -> object:
        """The decoded body of the response to a GET request."""
        try:
            return msgspec.json.decode(self.get(path, parameters=parameters))
        except msgspec.DecodeError as error:
            raise Unreachable("the response is not JSON: is this the right address?") from error

    def _parts(self) -> SplitResult:
        try:
            parts = urlsplit(self.url)
            parts.port  # noqa: B018 - it raises for a port that is no number
        except ValueError as error:
            raise Unreachable(f"the address is invalid: {error}") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Unreachable("the address must begin with http:// or https://")
        return parts

    def _host(self) -> str:
        return self._parts().netloc.rpartition("@")[2]

    def _headers(self, parts: SplitResult) -> Mapping[str, str]:
        headers = {"X-Scope-OrgID": self.tenant} if self.tenant else {}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        elif "@" in parts.netloc:
            headers["Authorization"] = "Basic " + base64.b64encode(parts.netloc.rpartition("@")[0].encode()).decode()
        return headers


def _refusal(error: urllib.error.HTTPError) -> str:
    """The status, and what the server wrote about it in a line of text or in the form of Prometheus."""
    text = error.read(4096).decode(errors="replace").strip()
    try:
        found = msgspec.json.decode(text)
        text = str(found.get("error") or found.get("detail") or "") if isinstance(found, dict) else ""
    except msgspec.DecodeError:
        text = "" if text.startswith("<") else text
    return f"HTTP {error.code}{f': {text[:_SHOWN_CHARACTERS]}' if text else ''}"


def _reason(error: object) -> str:
    strerror = getattr(error, "strerror", None)
    return str(strerror or error or type(error).__name__)

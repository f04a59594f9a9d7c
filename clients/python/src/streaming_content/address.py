"""The address of a deployment."""

from dataclasses import dataclass
from typing import Self
from urllib.parse import quote, unquote, urlsplit

_SOCKET_PATH = "/ws/stream"
_SECURE = {"ws": False, "http": False, "wss": True, "https": True}


class InvalidAddress(ValueError):
    """The text is not an address of a deployment. ``str()`` describes the expected form."""


@dataclass(frozen=True)
class Address:
    """A deployment of the service. ``str()`` is its HTTP address."""

    secure: bool
    host: str
    port: int
    prefix: str = ""
    """The path under which the service is mounted, without a trailing slash."""
    session_id: str | None = None
    """The session id in the URL, decoded; ``None`` if the URL has none."""
    query: str = ""
    """The query string, without the question mark."""

    @classmethod
    def parse(cls, url: str) -> Self:
        """Accept an http, https, ws or wss URL of the deployment, or of its WebSocket with or without a session.

        Raises ``InvalidAddress``.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
            (parts.hostname or "").encode("idna")  # as connecting does
        except ValueError as error:
            raise InvalidAddress(f"{url!r} is not a URL ({error})") from None
        if parts.scheme not in _SECURE or not parts.hostname:
            raise InvalidAddress(f"{url!r} is not an address; write it like ws://127.0.0.1:8000 or https://example.com")
        secure = _SECURE[parts.scheme]
        prefix, _, session_id = parts.path.partition(_SOCKET_PATH)
        return cls(
            secure,
            parts.hostname,
            port or (443 if secure else 80),
            prefix.rstrip("/"),
            unquote(session_id.strip("/")) or None,
            parts.query,
        )

    @property
    def _location(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}{self.prefix}"

    def socket_url(self, session_id: str) -> str:
        """The WebSocket URL of a session; the id is percent-encoded as one path segment."""
        scheme = "wss" if self.secure else "ws"
        query = f"?{self.query}" if self.query else ""
        return f"{scheme}://{self._location}{_SOCKET_PATH}/{quote(session_id, safe='')}{query}"

    def publish_url(self, stream_id: str, epoch: int) -> str:
        """The WebSocket URL for the producer of a live stream."""
        scheme = "wss" if self.secure else "ws"
        return f"{scheme}://{self._location}/ws/publish/{quote(stream_id, safe='')}?epoch={epoch}"

    def __str__(self) -> str:
        return f"{'https' if self.secure else 'http'}://{self._location}"

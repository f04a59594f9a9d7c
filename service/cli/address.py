"""Where a deployment is, and why it could not be reached, in words for the person who asked."""

import errno
import json
import socket
import ssl
from dataclasses import dataclass
from typing import Self
from urllib.parse import quote, unquote, urlsplit

_SOCKET_PATH = "/ws/stream"
_SECURE = {"ws": False, "http": False, "wss": True, "https": True}


class BadAddress(ValueError):
    """What was given is no address. ``str()`` says what one looks like."""


@dataclass(frozen=True)
class Address:
    """A deployment of the service. ``str()`` is its HTTP address."""

    secure: bool
    host: str
    port: int
    prefix: str = ""
    """The path under which it is mounted, without a slash at its end."""
    session_id: str | None = None
    """The session that the given URL named, if it named one."""

    @classmethod
    def parse(cls, url: str) -> Self:
        """An http, https, ws or wss URL: of the deployment, or of its socket with or without a session."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise BadAddress(f"{url!r} is not a URL ({error})") from None
        if parts.scheme not in _SECURE or not parts.hostname:
            raise BadAddress(f"{url!r} is not an address; write it like ws://127.0.0.1:8000 or https://example.com")
        prefix, _, session_id = parts.path.partition(_SOCKET_PATH)
        secure = _SECURE[parts.scheme]
        default_port = 443 if secure else 80
        return cls(
            secure, parts.hostname, port or default_port, prefix.rstrip("/"), unquote(session_id.strip("/")) or None
        )

    @property
    def _location(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}{self.prefix}"

    def socket_url(self, session_id: str) -> str:
        scheme = "wss" if self.secure else "ws"
        return f"{scheme}://{self._location}{_SOCKET_PATH}/{quote(session_id, safe='')}"

    def __str__(self) -> str:
        return f"{'https' if self.secure else 'http'}://{self._location}"


class CannotConnect(Exception):
    """Nothing was said yet. ``str()`` is a sentence that says what to do."""

    def __init__(self, sentence: str, status: int | None = None) -> None:
        self.status = status
        """The HTTP status with which a handshake was refused."""
        super().__init__(sentence)

    @classmethod
    def because(cls, address: Address, error: OSError) -> Self:
        """From what the operating system or TLS says."""
        match error:
            case TimeoutError():
                advice = "it did not answer in time. Check the address and what stands between"
            case socket.gaierror():
                advice = f"the name {address.host!r} is not known. Check --url"
            case ssl.SSLError():
                advice = f"TLS failed ({error.reason or error}). If it serves plain HTTP, write ws:// or http://"
            case ConnectionError() if not isinstance(error, ConnectionRefusedError):
                advice = "it hung up. Check --url: if it serves TLS, write wss:// or https://"
            case _:
                # For a name with several addresses asyncio tells what happened only in the text.
                refused = f"[Errno {errno.ECONNREFUSED}]" in str(error)
                reason = "nothing listens there" if refused else error.strerror or str(error)
                advice = f"{reason}. Start the service (python -m service serve), or give its address with --url"
        return cls(f"Cannot connect to {address}: {advice}.")


def refusal(status: int, body: bytes | bytearray, retry_after: str | None) -> str:
    """The sentence for a handshake that was answered with an HTTP status; the server's own where it sent one."""
    try:
        sentence = str(json.loads(body)["error"])
    except (ValueError, KeyError, TypeError):
        sentence = "Is --url the address of this service?"
    wait = f" It asks to wait {retry_after} s." if retry_after else ""
    return f"The server refused the connection with HTTP {status}. {sentence}{wait}"

"""The exceptions of the client."""

import re
import socket
import ssl
from typing import Any, Self

from streaming_content.address import Address
from streaming_content.close_codes import CLOSE_CODES
from streaming_content.json_object import json_object

_SERVER_ERROR = 500
_TEMPORARY = (408, 425, 429)
"""Statuses below that with which the same request may succeed later."""


class StreamingError(Exception):
    """The base class. ``str()`` is a sentence for a person."""


class TokenUnavailable(StreamingError):
    """There is no token to send. ``__cause__`` has the exception of the function that returns it, if it raised one."""


class ConnectFailed(StreamingError):
    """The connection was not opened."""

    def __init__(self, sentence: str, status: int | None = None, retry_after: str | None = None) -> None:
        self.status = status
        """The HTTP status that refused the handshake; ``None`` if no HTTP response arrived."""
        self.retry_after = retry_after
        """The ``Retry-After`` header of that response."""
        super().__init__(sentence)

    @property
    def retry_after_seconds(self) -> float | None:
        """The seconds in ``retry_after``; ``None`` if it is not a number."""
        text = self.retry_after or ""
        return float(text) if re.fullmatch(r"[0-9]{1,9}", text) else None

    @property
    def may_reconnect(self) -> bool:
        """Whether another attempt can be useful; false if the request itself was refused, as with a refused token."""
        return self.status is None or self.status >= _SERVER_ERROR or self.status in _TEMPORARY

    @classmethod
    def from_os_error(cls, address: Address, error: OSError) -> Self:
        """From an error of the network or of TLS."""
        match error:
            case TimeoutError():
                cause = "it did not answer in time"
            case socket.gaierror():
                cause = f"the name {address.host!r} cannot be resolved"
            case ssl.SSLError():
                reason = getattr(error, "reason", None) or error
                cause = f"TLS failed ({reason}). If the server speaks plain HTTP, use ws:// or http://"
            case ConnectionError() if not isinstance(error, ConnectionRefusedError):
                cause = "it closed the connection. If the server requires TLS, use wss:// or https://"
            case _:
                # asyncio combines the errors of a name's addresses into one OSError that has only a text.
                refused = isinstance(error, ConnectionRefusedError) or "Connect call failed" in str(error)
                cause = "connection refused" if refused else error.strerror or str(error)
        return cls(f"Cannot connect to {address}: {cause}.")

    @classmethod
    def from_response(cls, status: int, body: bytes | bytearray, retry_after: str | None) -> Self:
        """From the HTTP response that refused a handshake; includes the sentence of the service if there is one."""
        error = json_object(body).get("error")
        sentence = "" if error is None else f" {error}"
        wait = f" Retry after {retry_after} s." if retry_after else ""
        return cls(f"The server refused the connection with HTTP {status}.{sentence}{wait}", status, retry_after)


class ServerError(StreamingError):
    """The server sent an ``error`` message. ``str()`` is its code and its sentence."""

    def __init__(self, message: dict[str, Any]) -> None:
        self.message = message
        """The message as it arrived."""
        super().__init__(f"{self.code}: {message.get('message')}")

    @property
    def code(self) -> str:
        """One of the error codes of the protocol."""
        return str(self.message.get("code"))

    @property
    def fatal(self) -> bool:
        """The server closes the connection after this error."""
        return bool(self.message.get("fatal"))

    @property
    def retryable(self) -> bool:
        """The same request can succeed later."""
        return bool(self.message.get("retryable"))

    @property
    def retry_after_seconds(self) -> float | None:
        """The time after which the same request may succeed, if the server names it."""
        milliseconds = self.message.get("retry_after_ms")
        return milliseconds / 1000 if isinstance(milliseconds, int) else None

    @property
    def scope(self) -> str | None:
        """With ``RATE_LIMIT_EXCEEDED``, the quota that is used up; ``None`` if it is the limit of the session."""
        return self.message.get("scope")

    @property
    def request_id(self) -> str | None:
        return self.message.get("request_id")

    @property
    def stream_id(self) -> str | None:
        return self.message.get("stream_id")


class ConnectionClosed(StreamingError):
    """The connection is closed."""

    def __init__(self, code: int, reason: str = "", error: ServerError | None = None) -> None:
        self.code = code
        """The close code of the server; 1006 if the connection ended without a close frame."""
        self.reason = reason
        """The reason in the close frame."""
        self.error = error
        """The fatal error that preceded the close."""
        known = CLOSE_CODES.get(code)
        meaning = known.reason if known else reason or "no reason given"
        super().__init__(f"The server closed the connection ({code}: {meaning}).")

    @property
    def retry_after_seconds(self) -> float | None:
        """How long the service asks the client to wait before it connects again; ``None`` if it does not."""
        hint = re.search(r"\bretry_after_ms=([0-9]{1,12})\b", self.reason)
        return int(hint[1]) / 1000 if hint else None

    @property
    def may_reconnect(self) -> bool:
        """Whether a new connection can be useful; true for an unknown code."""
        known = CLOSE_CODES.get(self.code)
        return known is None or known.may_reconnect


class ReceiveTimeout(StreamingError, TimeoutError):
    """No message arrived within the timeout."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"No message arrived from the server for {seconds:g} s.")


class ProtocolViolation(StreamingError):
    """The server sent a frame that is not a message of the protocol."""


class RecoveryRefused(StreamingError):
    """The server did not continue a stream."""

    def __init__(self, message: dict[str, Any]) -> None:
        self.message = message
        """``stream_recovered`` as it arrived."""
        self.reason = str(message.get("reason"))
        """``unknown``, ``session_over``, ``position``, ``running``, ``version`` or ``unavailable``."""
        super().__init__(f"The stream cannot be recovered: {self.reason}.")


class StreamCancelled(StreamingError):
    """The stream was cancelled before its end."""

    def __init__(self) -> None:
        super().__init__("The stream was cancelled.")


class PublishRefused(StreamingError):
    """The service refused a call of a producer. ``str()`` is its code and its sentence."""

    def __init__(self, status: int, error: dict[str, Any]) -> None:
        self.status = status
        """Of HTTP; 0 for an answer on the publish socket."""
        self.error = error
        """The error as it arrived."""
        super().__init__(f"{self.code}: {error.get('message')}")

    @property
    def code(self) -> str:
        """One of the codes in the documents of publishing."""
        return str(self.error.get("code"))

    @property
    def offset(self) -> int | None:
        """The bytes of the source that the service has, if the error names them."""
        offset = self.error.get("offset")
        return offset if isinstance(offset, int) else None

    @property
    def retry_after_seconds(self) -> float | None:
        """The time after which the same call may succeed, if the service names it."""
        milliseconds = self.error.get("retry_after_ms")
        return milliseconds / 1000 if isinstance(milliseconds, int) else None

    @property
    def may_retry(self) -> bool:
        """Whether the same call may succeed later: the service has a fault, or asks to wait."""
        has_fault = self.status >= _SERVER_ERROR or self.code == "internal_error"
        return has_fault or self.retry_after_seconds is not None


class ProducerFenced(StreamingError):
    """Another producer has adopted the stream: nothing more of this one is stored."""

    def __init__(self) -> None:
        super().__init__("Another producer has adopted the stream. Stop.")


class StreamEnded(StreamingError):
    """The stream had ended before this producer closed it."""

    def __init__(self, status: str) -> None:
        self.status = status
        """``complete`` or ``error``."""
        super().__init__(f"The stream has ended: {status}.")


class PublishFailed(StreamingError):
    """The service could not be reached for longer than the producer retries. The last error is in ``__cause__``."""

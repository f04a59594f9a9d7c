"""Decides whether, when and how a producer goes on after its link to the service has failed."""

from typing import Final

from streaming_content.backoff import BackOff
from streaming_content.errors import (
    ConnectFailed,
    ConnectionClosed,
    PublishFailed,
    PublishRefused,
    StreamingError,
    TokenUnavailable,
)

_MAX_SOCKET_FAILURES: Final = 3
"""After this number of sockets without progress, the producer tries calls: a proxy may block sockets."""
_REFUSED_FOR_GOOD: Final = (4103, 4121, 4123, 4124)
"""Close codes of the service for another producer and for tokens. Any other ends a socket, perhaps by a proxy."""


class Retries:
    """The failures of one producer. A socket is tried first, then calls, in turn."""

    def __init__(self, retry_seconds: float, back_off: BackOff) -> None:
        """``retry_seconds`` is how long a producer goes on without progress."""
        self.uses_calls = False
        self._retry_seconds = retry_seconds
        self._back_off = back_off
        self._failures = 0

    def progress(self) -> None:
        """The service has stored something since the last failure."""
        self._failures = 0
        self._back_off.reset()

    def after(self, error: StreamingError, idle_seconds: float) -> float:
        """Return how many seconds to wait after a failure. Raises the error that ends the producer.

        ``idle_seconds`` is how long there was no progress.
        """
        self._failures += 1
        if self._is_final(error):
            raise error
        if idle_seconds > self._retry_seconds:
            raise PublishFailed(f"Nothing was stored for {self._retry_seconds:g} s. {error}") from error
        if isinstance(error, ConnectFailed | ConnectionClosed):
            refused = isinstance(error, ConnectFailed) and not error.may_reconnect
            was_call, self.uses_calls = self.uses_calls, False
            if not was_call and (refused or self._failures >= _MAX_SOCKET_FAILURES):
                self.uses_calls = True
        delay = self._back_off.next(error)
        return max(delay, (error.retry_after_seconds or 0) if isinstance(error, PublishRefused) else 0)

    def _is_final(self, error: StreamingError) -> bool:
        match error:
            case PublishRefused():  # after a gap, the next link begins with what the service has
                return not error.may_retry and error.code != "gap"
            case ConnectionClosed():
                return error.code in _REFUSED_FOR_GOOD
            case ConnectFailed():
                return self.uses_calls and not error.may_reconnect
            case _:
                return not isinstance(error, TokenUnavailable)

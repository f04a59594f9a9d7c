"""The delays between attempts to connect."""

import random
from collections.abc import Callable
from typing import Final

from streaming_content.errors import ConnectFailed, ConnectionClosed, StreamingError

_LONGEST_HINT_SECONDS: Final = 300.0
"""A longer request to wait is not followed: streams are stored about as long."""

_HINT_JITTER: Final = 0.25


class BackOff:
    """The delays of a client that reconnects: growing, with jitter, or as long as the service asks it to wait.

    Clients that lost their connections together must not connect again together.
    """

    def __init__(
        self, first: float = 0.25, longest: float = 10.0, random_number: Callable[[], float] = random.random
    ) -> None:
        """``first`` and ``longest`` are the maximum of the first delay and of any, in seconds."""
        self._first = first
        self._longest = longest
        self._random = random_number
        self._attempts = 0

    def reset(self) -> None:
        """After progress, such as a chunk: the next delay is a first one."""
        self._attempts = 0

    def next(self, error: StreamingError) -> float:
        """The seconds to wait after ``error`` ended the last attempt.

        If the service asked for a time, it is that and up to a quarter more; else between half of the current maximum
        and the maximum, which doubles each time.
        """
        longest = min(self._longest, self._first * 2.0**self._attempts)
        self._attempts += 1
        hint = error.retry_after_seconds if isinstance(error, ConnectFailed | ConnectionClosed) else None
        if hint is not None:
            return min(hint, _LONGEST_HINT_SECONDS) * (1 + _HINT_JITTER * self._random())
        return longest * (0.5 + self._random() / 2)

"""Requests that this process counted for sessions while the shared store was unavailable."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from service.session.records import SessionSnapshot

_MAX_SESSIONS = 100_000
"""The oldest count is dropped beyond."""


class LocalCounts:
    """The count of each session that the store does not have yet, until the session ends.

    ``clock`` returns monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._counts: dict[str, tuple[int, float]] = {}
        """By session: the number of requests, and when they no longer matter."""

    def __contains__(self, session_key: str) -> bool:
        return session_key in self._counts

    def add(self, snapshot: SessionSnapshot, count: int) -> None:
        before, _ = self._current(snapshot.session_key)
        self._counts[snapshot.session_key] = (before + count, self._clock() + snapshot.seconds_left)
        if len(self._counts) > _MAX_SESSIONS:
            del self._counts[next(iter(self._counts))]

    @contextmanager
    def taken(self, snapshot: SessionSnapshot) -> Iterator[int]:
        """Take the count; if the context raises, it is put back, as the store may not have received it."""
        count, _ = self._current(snapshot.session_key)
        self._counts.pop(snapshot.session_key, None)
        try:
            yield count
        except BaseException:
            if count:
                self.add(snapshot, count)
            raise

    def _current(self, session_key: str) -> tuple[int, float]:
        count, ends_at = self._counts.get(session_key, (0, 0.0))
        return (count, ends_at) if self._clock() < ends_at else (0, 0.0)

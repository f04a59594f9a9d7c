"""Requests that this process counted for sessions while the shared store was unavailable."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from service.session.records import Digest, SessionSnapshot

_MAX_SESSIONS = 100_000
"""The oldest count is dropped beyond."""

_Session = tuple[str, Digest | None]
"""The key and the secret: what is counted with another secret is of another session."""


class LocalCounts:
    """The count of each session that the store does not have yet, until the session ends.

    ``clock`` returns monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._counts: dict[_Session, tuple[int, float]] = {}
        """The number of requests, and when they no longer matter."""

    def __contains__(self, snapshot: SessionSnapshot) -> bool:
        return _session(snapshot) in self._counts

    def add(self, snapshot: SessionSnapshot, count: int) -> None:
        before, _ = self._current(snapshot)
        self._counts[_session(snapshot)] = (before + count, self._clock() + snapshot.seconds_left)
        if len(self._counts) > _MAX_SESSIONS:
            del self._counts[next(iter(self._counts))]

    @contextmanager
    def taken(self, snapshot: SessionSnapshot) -> Iterator[int]:
        """Take the count; if the context raises, it is put back, as the store may not have received it."""
        count, _ = self._current(snapshot)
        self._counts.pop(_session(snapshot), None)
        try:
            yield count
        except BaseException:
            if count:
                self.add(snapshot, count)
            raise

    def _current(self, snapshot: SessionSnapshot) -> tuple[int, float]:
        count, ends_at = self._counts.get(_session(snapshot), (0, 0.0))
        return (count, ends_at) if self._clock() < ends_at else (0, 0.0)


def _session(snapshot: SessionSnapshot) -> _Session:
    return snapshot.session_key, snapshot.secret

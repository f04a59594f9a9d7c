"""Sessions in the memory of one process."""

import heapq
from collections.abc import Callable

from service.core.effects import Admission, Lease
from service.core.limits import Limits


class _Session:
    __slots__ = ("ends_at", "epoch", "requests")

    def __init__(self, epoch: str, ends_at: float) -> None:
        self.epoch = epoch
        self.ends_at = ends_at
        self.requests = 0


class MemorySessionStore:
    """Fulfils ``core.ports.SessionStore`` for a single process; a restart forgets all.

    A session stays until its time is over, connected or not, as a reconnect must change nothing.
    ``clock`` gives monotonic seconds.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._clock = clock
        self._sessions: dict[str, _Session] = {}
        self._ends: list[tuple[float, str]] = []
        self._sessions_begun = 0

    def __len__(self) -> int:
        """Sessions that are kept."""
        return len(self._sessions)

    async def open(self, session_id: str) -> Lease:
        now = self._clock()
        self._forget(now)
        session = self._sessions.get(session_id)
        if session is None:
            self._sessions_begun += 1
            session = _Session(str(self._sessions_begun), now + self._limits.max_session_seconds)
            self._sessions[session_id] = session
            heapq.heappush(self._ends, (session.ends_at, session_id))
        return Lease(session_id, session.epoch, session.requests, session.ends_at - now)

    async def admit(self, lease: Lease) -> Admission:
        session = self._sessions.get(lease.session_id)
        if session is None or session.epoch != lease.epoch or session.requests >= self._limits.max_requests:
            return Admission(admitted=False, requests_used=self._limits.max_requests)
        session.requests += 1
        return Admission(admitted=True, requests_used=session.requests)

    def _forget(self, now: float) -> None:
        while self._ends and self._ends[0][0] <= now:
            del self._sessions[heapq.heappop(self._ends)[1]]

"""A store that a test makes unavailable, behind the failover."""

from collections.abc import Mapping

from service.events import Dependency, DependencyChanged, DependencyFailed, Event, StoreMeasured
from service.protocol.limits import Limits
from service.session.ports import StoreUnavailable
from service.session.records import Admission, Claim, Digest, SessionReserved, SessionSnapshot, StreamRecord
from service.stores.breaker import Breaker
from service.stores.failover import FailoverSessionStore
from service.stores.failures import Refused
from service.stores.sqlite.store import SqliteSessionStore
from service.stores.store_limits import StoreSize
from tests.waiting import eventually

LIMITS = Limits(max_requests=5)
FAILED = DependencyFailed(Dependency.SESSION_STORE)
DOWN = DependencyChanged(Dependency.SESSION_STORE, up=False, reason="no route")
UP = DependencyChanged(Dependency.SESSION_STORE, up=True)


class Remote(SqliteSessionStore):
    """A store that the test makes unavailable."""

    def __init__(self) -> None:
        super().__init__(None, LIMITS, 300)
        self.unavailable = False
        self.failures: list[StoreUnavailable] = []
        """Of the next calls."""
        self.refuses_writes = False
        self.calls = 0

    def _count(self, *, writes: bool = False) -> None:
        self.calls += 1
        if self.unavailable:
            raise StoreUnavailable("no route")
        if self.failures:
            raise self.failures.pop(0)
        if writes and self.refuses_writes:
            raise Refused("disk full")

    async def open(self, session_key: str, secret: Digest | None = None) -> SessionSnapshot | SessionReserved:
        self._count()
        return await super().open(session_key, secret)

    async def join(self, snapshot: SessionSnapshot) -> SessionSnapshot:
        self._count()
        return await super().join(snapshot)

    async def measure(self) -> StoreSize:
        self._count()
        return await super().measure()

    async def admit(self, snapshot: SessionSnapshot, stream_id: str, claim: Claim | None) -> Admission:
        self._count()
        return await super().admit(snapshot, stream_id, claim)

    async def put(self, record: StreamRecord) -> None:
        self._count(writes=True)
        await super().put(record)

    async def get(self, stream_id: str) -> StreamRecord | None:
        self._count()
        return await super().get(stream_id)

    async def acquire(self, stream_id: str, epoch: int, owner: Digest) -> bool:
        self._count(writes=True)
        return await super().acquire(stream_id, epoch, owner)

    async def mark_skip(self, stream_id: str, epoch: int, index: int, *, settled: bool) -> bool:
        self._count()
        return await super().mark_skip(stream_id, epoch, index, settled=settled)

    async def renew_leases(self, held: Mapping[str, int]) -> frozenset[str]:
        self._count()
        return await super().renew_leases(held)


class Recording:
    """Implements ``Recorder``."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.sizes: list[StoreMeasured] = []

    def record(self, event: Event) -> None:
        if isinstance(event, StoreMeasured):
            self.sizes.append(event)
        else:
            self.events.append(event)


class Scene:
    """A store whose breaker rests until ``seconds`` are advanced."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.remote = Remote()
        self.recording = Recording()
        self.store = FailoverSessionStore(
            self.remote,
            SqliteSessionStore(None, LIMITS, 300),
            self.recording,
            lambda: Breaker(failures=3, rest_seconds=1),
            lambda: self.seconds,
        )

    async def becomes_unavailable(self) -> None:
        self.remote.unavailable = True
        await self.store.renew_leases({"a-stream": 0})
        assert self.recording.events[-1] == DOWN

    async def becomes_available(self) -> None:
        self.remote.unavailable = False
        self.seconds += 1

        await self.records(UP)

    async def records(self, event: Event) -> None:
        """Return when the event is the last one recorded."""

        async def is_last() -> bool:
            return self.recording.events[-1] == event

        await eventually(is_last)

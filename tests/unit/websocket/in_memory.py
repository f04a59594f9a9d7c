"""The services of a connection and its socket, without I/O and without time."""

import asyncio
import json
from collections.abc import Callable, Mapping

from msgspec.structs import replace

from service.content import pack_plan, unpack_plan
from service.content.plan import Plan
from service.protocol.messages import HtmlMode, StreamRequest
from service.protocol.trace import Trace, TraceContext
from service.session.effects import (
    AcquireStream,
    AcquisitionDecided,
    EffectResult,
    GetStream,
    JoinSession,
    MarkSkip,
    PutStream,
    SessionJoined,
    SkipMarked,
    StoreFailed,
    StreamFetched,
    UpdateStatus,
)
from service.session.ports import Preparation, Receiver, StoreUnavailable
from service.session.records import (
    Admission,
    Claim,
    Digest,
    SessionReserved,
    SessionSnapshot,
    StreamRecord,
    StreamStatus,
)
from tests.unit.session.conversation import TRACE, plan_of
from tests.unit.session.memory_store import MemoryStore, StoreEffect


class Store:
    """The store of the machine's tests, with coroutines."""

    def __init__(self) -> None:
        self.memory = MemoryStore()
        self.opened: list[str] = []
        self.secrets: dict[str, Digest | None] = {}

    async def open(self, session_key: str, secret: Digest | None = None) -> SessionSnapshot | SessionReserved:
        created = session_key not in self.secrets
        if self.secrets.setdefault(session_key, secret) != secret:
            return SessionReserved()
        self.opened.append(session_key)
        return replace(await self.join(SessionSnapshot(session_key, "1", 0, 60, secret=secret)), created=created)

    async def join(self, snapshot: SessionSnapshot) -> SessionSnapshot:
        joined = self._perform(JoinSession(0, snapshot))
        assert isinstance(joined, SessionJoined)
        return joined.snapshot

    async def admit(self, snapshot: SessionSnapshot, stream_id: str, claim: Claim | None) -> Admission:
        return Admission(admitted=True, requests_used=snapshot.requests_used + 1)

    async def charge_repetition(self, snapshot: SessionSnapshot, stream_id: str) -> Admission:
        return Admission(admitted=True, requests_used=snapshot.requests_used)

    async def put(self, record: StreamRecord) -> None:
        self._perform(PutStream(0, record))

    async def get(self, stream_id: str) -> StreamRecord | None:
        fetched = self._perform(GetStream(0, stream_id))
        assert isinstance(fetched, StreamFetched)
        return fetched.record

    async def acquire(self, stream_id: str, epoch: int, owner: Digest) -> bool:
        decision = self._perform(AcquireStream(0, stream_id, epoch, owner, TRACE))
        assert isinstance(decision, AcquisitionDecided)
        return decision.acquired

    async def mark_skip(self, stream_id: str, epoch: int, index: int, *, settled: bool) -> bool:
        mark = self._perform(MarkSkip(0, stream_id, TRACE, epoch, index, settled))
        assert isinstance(mark, SkipMarked)
        return mark.marked

    async def renew_leases(self, epochs: Mapping[str, int]) -> frozenset[str]:
        records = {stream_id: self.memory.records.get(stream_id) for stream_id in epochs}
        return frozenset(id_ for id_, record in records.items() if record is not None and record.epoch != epochs[id_])

    def update_status(self, stream_id: str, epoch: int, status: StreamStatus) -> None:
        self.memory.update_status(UpdateStatus(stream_id, epoch, status))

    async def close(self) -> None:
        """Nothing is open."""

    def _perform(self, effect: StoreEffect) -> EffectResult:
        result = self.memory.perform(effect)
        if isinstance(result, StoreFailed):
            raise StoreUnavailable
        return result


class Engine:
    """A chunk for each word, in incremental mode with a close text."""

    async def prepare(self, request: StreamRequest, seconds_left: float, client: str = "") -> Preparation:
        words = [f"{word} " for word in request.content.split()]
        closes = [f"</{index % 3}>" for index in range(len(words))]
        incremental = request.html_mode is HtmlMode.INCREMENTAL
        plan = plan_of(words, request.speed, 40, closes if incremental else None)
        return Preparation(plan, 0.002, packed=pack_plan(plan))

    async def find(self, request: StreamRequest, seconds_left: float, client: str = "") -> Preparation | None:
        return None

    async def unpack_plan(self, plan: bytes, client: str = "") -> Plan:
        return unpack_plan(plan)

    def close(self) -> None:
        """There is no work."""


class Ids:
    """Ids in order."""

    def __init__(self) -> None:
        self._count = 0

    def new_id(self) -> str:
        self._count += 1
        return f"id-{self._count}"

    def new_token(self) -> str:
        return f"token {self.new_id()}"

    def new_trace(self, parent: TraceContext | None) -> Trace:
        return TRACE

    def continue_trace(self, trace: Trace) -> Trace:
        return trace


class Socket:
    """A connection whose peer reads everything, unless it is stalled."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write
        self._receiver: Receiver | None = None
        self.open = True
        self.ended = asyncio.Event()
        self.stalled = self.blocked = False
        self.undelivered_bytes = 0

    def start(self, receiver: Receiver) -> None:
        self._receiver = receiver

    def write(self, frame: bytes) -> None:
        if self.open:
            self._write(frame)
            if self.stalled:
                self.blocked = True
                self.undelivered_bytes += len(frame)

    def close(self, code: int, reason: str) -> None:
        if self.open:
            self.open = False
            asyncio.get_running_loop().call_soon(self._end, code)

    def abort(self) -> None:
        self.close(1006, "")

    def receive(self, **message: object) -> None:
        if self.open and self._receiver is not None:
            text = json.dumps(message)
            self._receiver.message_received(text, len(text))

    def _end(self, code: int) -> None:
        assert self._receiver is not None
        self._receiver.connection_ended(code, None)

    def accept_all(self) -> None:
        """The peer reads again."""
        self.stalled = False
        self.undelivered_bytes = 0
        if self.blocked and self.open and self._receiver is not None:
            self.blocked = False
            self._receiver.unblocked()

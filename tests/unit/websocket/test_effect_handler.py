"""Effects are performed with one call each; recovery is proved against a real store and a real content engine."""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import Any

import pytest
from msgspec.structs import replace

from service.content import Plan, pack_plan
from service.events import Event, FaultRaised, FaultSource, StreamEnded
from service.preparation.engine import ThreadedContentEngine
from service.process import clock
from service.process.ids import RandomIds
from service.protocol.errors import EmptyContent, ErrorCode, ServerBusy
from service.protocol.limits import Limits
from service.protocol.messages import RefusalReason, StreamRequest
from service.protocol.server_messages import Chunk, ServerMessage, StreamRecovered
from service.session.effects import (
    AcquireStream,
    Admit,
    ContentEngineBusy,
    EffectFailed,
    FindPlan,
    GetStream,
    MarkSkip,
    PlanUnreadable,
    Prepare,
    PutStream,
    StoreFailed,
    TicketedEffect,
    UnpackPlan,
    UpdateStatus,
)
from service.session.live_effects import CancelLive, DetachLive
from service.session.machine import SessionMachine
from service.session.ports import PreparationFailed, StoreUnavailable
from service.session.records import Digest, SessionSnapshot, StreamStatus
from service.session.tokens import digest_of
from service.stores.sqlite.store import SqliteSessionStore
from service.websocket.effect_handler import EffectHandler, Services
from service.websocket.message_writer import MessageWriter
from service.websocket.pacer import Pacer
from service.websocket.ticker import Ticker
from tests.contract.stores.contract.records import RECORD, THIRD
from tests.unit.session.conversation import plan_of

TOKEN = "the token of the first connection"
CHUNKS = [f"{k} " for k in range(20)]
STORED = replace(RECORD, owners=(digest_of(TOKEN),), plan=pack_plan(plan_of(CHUNKS, max_chunk_characters=9)))
SNAPSHOT = SessionSnapshot(STORED.session_key, STORED.session_incarnation, 1, 60)
SESSION_ID = "s"
TRACE = STORED.trace


class Store(SqliteSessionStore):
    """A store that other connections change just before each ``acquire``."""

    rivals = 0
    """Connections that acquire the stream first."""
    changes: Sequence[Callable[[], None]] = ()
    skips_at: int | None = None
    raises: Exception | None = None
    """Raised by ``acquire``."""

    async def acquire(self, stream_id: str, epoch: int, owner: Digest) -> bool:
        if self.raises is not None:
            raise self.raises
        for change in self.changes:
            change()
        if self.skips_at is not None:
            await self.mark_skip(stream_id, epoch, self.skips_at, settled=False)
        if self.rivals:
            self.rivals -= 1
            await super().acquire(stream_id, epoch, THIRD)
        return await super().acquire(stream_id, epoch, owner)


class Bench:
    """A machine whose effects are performed as the driver does it, without a connection."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.events: list[Event] = []
        self.engine = ThreadedContentEngine(Limits(), self, packs=True)
        ticker, writer = Ticker(clock.now), MessageWriter()
        services = Services(
            store=store,
            engine=self.engine,
            ids=RandomIds(lambda _trace_id, _parent: True),
            recorder=self,
            ticker=ticker,
            pacer=Pacer(ticker, writer),
            writer=writer,
            clock=clock.now,
        )
        self.handler = EffectHandler(services, "c-1", SESSION_ID, "192.0.2.1")
        self.performed: list[TicketedEffect] = []
        self.sent: list[ServerMessage] = []

    def record(self, event: Event) -> None:
        self.events.append(event)

    async def converse(self, **message: object) -> SessionMachine:
        """Pass one message to a new machine and perform all effects."""
        data = json.dumps(message)
        machine = SessionMachine(
            SNAPSHOT, SESSION_ID, "c-1", Limits(), clock.now(), token="the token of the second connection"
        )
        step = machine.receive(data, len(data), clock.now())
        while True:
            self.sent += step.outbound
            self.events += step.events
            effects = [
                effect for effect in step.effects if not isinstance(effect, UpdateStatus | DetachLive | CancelLive)
            ]
            if not effects:
                return machine
            [effect] = effects
            self.performed.append(effect)
            step = machine.resolve(await self.handler.perform(effect), clock.now())

    async def recover(self, last_index: int = 3) -> StreamRecovered:
        machine = await self.converse(type="recover", stream_id=STORED.stream_id, last_index=last_index, token=TOKEN)
        answer = next(message for message in self.sent if isinstance(message, StreamRecovered))
        self.events += machine.disconnect(1006, None, clock.now()).events
        self.sent.clear()
        return answer

    @property
    def faults(self) -> list[FaultRaised]:
        return [event for event in self.events if isinstance(event, FaultRaised)]

    @property
    def fault(self) -> FaultRaised:
        [fault] = self.faults
        return fault


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    store = Store(None, Limits(), 60)
    await store.put(STORED)
    bench = Bench(store)
    yield bench
    bench.engine.close()
    await store.close()


# Recovery


async def test_a_recovery_calls_the_store_three_times_and_reads_after_it_has_acquired(bench: Bench) -> None:
    await bench.recover()
    assert [type(effect) for effect in bench.performed] == [GetStream, UnpackPlan, AcquireStream, GetStream]


@pytest.mark.parametrize("rivals", [0, 1, 4])
async def test_a_recovery_is_repeated_while_other_connections_acquire_the_stream_first(
    bench: Bench, rivals: int
) -> None:
    bench.store.rivals = rivals
    machine = await bench.converse(type="recover", stream_id=STORED.stream_id, last_index=3, token=TOKEN)
    assert machine.leased_stream == (STORED.stream_id, rivals + 1)
    [chunk] = [message for message in bench.sent if isinstance(message, Chunk)]
    assert (chunk.index, chunk.data) == (4, CHUNKS[4])
    assert await bench.store.renew_leases({STORED.stream_id: rivals + 1}) == frozenset()


async def test_a_recovery_is_given_up_after_five_attempts(bench: Bench) -> None:
    bench.store.rivals = 5
    assert (await bench.recover()).reason is RefusalReason.UNAVAILABLE
    assert bench.store.rivals == 0


async def test_a_skip_that_a_crash_left_open_is_settled_by_the_recovery(bench: Bench) -> None:
    await bench.store.mark_skip(STORED.stream_id, 0, 5, settled=False)
    refused = await bench.recover(last_index=5)
    assert refused.reason is RefusalReason.POSITION, "chunk 6 may have been sent merged or not"
    assert (await bench.recover(last_index=4)).recovered
    stored = await bench.store.get(STORED.stream_id)
    assert stored is not None
    assert (stored.skip_at, stored.skip_settled) == (5, True)
    assert (await bench.recover(last_index=5)).recovered


async def test_a_change_of_the_former_owner_before_the_acquisition_is_kept(bench: Bench) -> None:
    bench.store.changes = [partial(bench.store.update_status, STORED.stream_id, 0, StreamStatus.ENDED)]
    assert (await bench.recover()).recovered
    assert [event.counted for event in bench.events if isinstance(event, StreamEnded)] == [True]


async def test_a_skip_of_the_former_owner_before_the_acquisition_is_respected(bench: Bench) -> None:
    bench.store.skips_at = 2
    assert (await bench.recover(last_index=3)).reason is RefusalReason.POSITION


async def test_a_plan_of_another_version_is_refused_and_left_in_the_store(bench: Bench) -> None:
    other = replace(STORED, plan=b"of another version")
    await bench.store.put(other)
    assert (await bench.recover()).reason is RefusalReason.VERSION
    assert await bench.store.get(STORED.stream_id) == other


async def test_an_unavailable_store_refuses_a_recovery(bench: Bench) -> None:
    bench.store.raises = StoreUnavailable()
    assert (await bench.recover()).reason is RefusalReason.UNAVAILABLE
    assert bench.faults == []


async def test_a_fault_of_the_store_ends_a_recovery_with_an_error(bench: Bench) -> None:
    bench.store.raises = ConnectionResetError()
    await bench.converse(type="recover", stream_id=STORED.stream_id, last_index=3, token=TOKEN)
    assert [getattr(message, "code", None) for message in bench.sent] == [ErrorCode.PROCESSING_ERROR]
    assert (bench.fault.source, bench.fault.stream_id) == (FaultSource.RECOVERY, "")


async def test_a_stream_is_stored_before_stream_start_is_sent(bench: Bench) -> None:
    machine = await bench.converse(type="stream_request", content="some words")
    assert [type(effect) for effect in bench.performed] == [Admit, Prepare, PutStream]
    assert machine.leased_stream is not None
    assert await bench.store.get(machine.leased_stream[0]) is not None


# Results and faults

REQUEST = StreamRequest("some words")
EFFECTS: list[tuple[TicketedEffect, FaultSource, str]] = [
    (Admit(7, SNAPSHOT, REQUEST), FaultSource.ADMISSION, ""),
    (Prepare(7, REQUEST, "a-stream", TRACE, 60.0), FaultSource.CONTENT, "a-stream"),
    (PutStream(7, STORED), FaultSource.SESSION_STORE, "a-stream"),
    (GetStream(7, "the string of a client"), FaultSource.RECOVERY, ""),
    (UnpackPlan(7, STORED.plan), FaultSource.RECOVERY, ""),
    (AcquireStream(7, "a-stream", 0, THIRD, TRACE), FaultSource.RECOVERY, ""),
    (MarkSkip(7, "a-stream", TRACE, 0, 1, settled=False), FaultSource.RECOVERY, "a-stream"),
]


def break_calls(bench: Bench, monkeypatch: pytest.MonkeyPatch, exception: Exception) -> None:
    """Let every call of the store and of the engine raise the exception."""

    async def fail(*_arguments: object, **_named: object) -> Any:  # noqa: ANN401 - it never returns
        raise exception

    for name in ("admit", "put", "get", "acquire", "mark_skip"):
        monkeypatch.setattr(bench.store, name, fail)
    for name in ("prepare", "unpack_plan"):
        monkeypatch.setattr(bench.engine, name, fail)


@pytest.mark.parametrize(("effect", "source", "stream_id"), EFFECTS)
async def test_an_exception_fails_the_effect_and_is_recorded_with_its_source(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, effect: TicketedEffect, source: FaultSource, stream_id: str
) -> None:
    break_calls(bench, monkeypatch, LookupError())
    result = await bench.handler.perform(effect)
    assert isinstance(result, EffectFailed)
    assert (result.ticket, result.error.code) == (7, ErrorCode.PROCESSING_ERROR)
    assert (bench.fault.source, bench.fault.stream_id) == (source, stream_id)
    assert bench.fault.error_id in str(result.error)


@pytest.mark.parametrize("effect", [effect for effect, _, _ in EFFECTS if not isinstance(effect, Admit | Prepare)])
async def test_an_unavailable_store_is_a_result_and_no_fault(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, effect: TicketedEffect
) -> None:
    if isinstance(effect, UnpackPlan):
        assert await bench.handler.perform(replace(effect, plan=b"")) == PlanUnreadable(7)
    else:
        break_calls(bench, monkeypatch, StoreUnavailable())
        assert await bench.handler.perform(effect) == StoreFailed(7)
    assert bench.faults == []


async def test_a_mistake_of_the_client_in_preparation_is_no_fault_and_has_its_time(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    failure, mistake = PreparationFailed(0.25, ()), EmptyContent("Nothing is left.")
    failure.__cause__ = mistake
    break_calls(bench, monkeypatch, failure)
    assert await bench.handler.perform(EFFECTS[1][0]) == EffectFailed(7, mistake, 0.25)
    assert bench.faults == []


async def test_a_busy_engine_is_no_fault_and_refuses_a_recovery_for_the_moment(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = ServerBusy("Try again.", 5)
    break_calls(bench, monkeypatch, busy)
    assert await bench.handler.perform(EFFECTS[1][0]) == EffectFailed(7, busy)
    assert await bench.handler.perform(EFFECTS[4][0]) == ContentEngineBusy(7)
    assert bench.faults == []


async def test_a_recovery_whose_plan_cannot_be_unpacked_now_may_be_tried_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(_plan: bytes, _client: str) -> Plan:
        raise ServerBusy("Try again.", 5)

    monkeypatch.setattr(bench.engine, "unpack_plan", refuse)
    assert (await bench.recover()).reason is RefusalReason.UNAVAILABLE
    monkeypatch.undo()
    assert (await bench.recover()).recovered


@pytest.mark.parametrize(
    ("method", "effect"),
    [
        ("prepare", Prepare(7, REQUEST, "a-stream", TRACE, 60.0)),
        ("find", FindPlan(7, REQUEST, "a-stream", TRACE, 60.0)),
        ("unpack_plan", UnpackPlan(7, STORED.plan)),
    ],
)
async def test_the_engine_receives_the_client_whose_turn_it_is(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, method: str, effect: TicketedEffect
) -> None:
    received: list[object] = []
    original = getattr(bench.engine, method)

    async def note(*arguments: object) -> object:
        received.extend(arguments)
        return await original(*arguments)

    monkeypatch.setattr(bench.engine, method, note)
    await bench.handler.perform(effect)
    assert received[-1] == "192.0.2.1"

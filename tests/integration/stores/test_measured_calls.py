"""Every call of a session store is measured, with the stream that waits for it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace
from pydantic import SecretStr

from observability.registry.metrics import DEPENDENCY_CALLS
from service.events import Dependency, DependencyCalled, Event, Operation
from service.protocol.messages import StreamRequest
from service.session.effects import Admit, PutStream, TicketedEffect
from service.session.ports import SessionStore, StoreUnavailable
from service.session.records import StreamStatus
from service.settings import Settings
from service.stores.factory import create_session_store
from service.websocket.effect_handler import EffectHandler, Services
from service.websocket.message_writer import MessageWriter
from service.websocket.pacer import Pacer
from service.websocket.ticker import Ticker
from tests.backends.dead import silent
from tests.backends.redis import Redis
from tests.contract.stores.contract.records import RECORD, SECOND, opened
from tests.unit.session.conversation import TRACE, at
from tests.unit.websocket.in_memory import Engine, Ids


class Recording:
    """Implements ``Recorder``."""

    def __init__(self) -> None:
        self.calls: list[DependencyCalled] = []

    def record(self, event: Event) -> None:
        if isinstance(event, DependencyCalled):
            assert event.dependency is Dependency.SESSION_STORE
            self.calls.append(event)

    def operations(self) -> list[Operation]:
        return [call.operation for call in self.calls]


@asynccontextmanager
async def running(settings: Settings, recording: Recording) -> AsyncIterator[SessionStore]:
    store = create_session_store(settings, recording).store
    yield store
    await store.close()


async def call_everything(store: SessionStore) -> None:
    snapshot = await opened(store, "s")
    await store.join(snapshot)
    await store.admit(snapshot, RECORD.stream_id, None)
    await store.charge_repetition(snapshot, RECORD.stream_id)
    await store.put(replace(RECORD, session_key="s", session_incarnation=snapshot.incarnation))
    await store.get(RECORD.stream_id)
    await store.acquire(RECORD.stream_id, 0, SECOND)
    await store.mark_skip(RECORD.stream_id, 1, 3, settled=True)
    await store.renew_leases({RECORD.stream_id: 1})
    store.update_status(RECORD.stream_id, 1, StreamStatus.ENDED)


DECLARED = {operation for dependency, operation in DEPENDENCY_CALLS.combinations() if dependency == "session_store"}


async def test_every_call_of_redis_is_measured(redis: Redis) -> None:
    recording = Recording()
    async with running(Settings(redis_url=SecretStr(redis.url)), recording) as store:
        await call_everything(store)
    assert set(recording.operations()) == DECLARED
    assert {(call.system, call.error_type) for call in recording.calls} == {("redis", "")}


async def test_every_call_of_a_file_for_which_a_caller_waits_is_measured(tmp_path: Path) -> None:
    recording = Recording()
    async with running(Settings(data_dir=tmp_path), recording) as store:
        await call_everything(store)
    assert set(recording.operations()) == DECLARED - {Operation.UPDATE_STATUS}
    assert {(call.system, call.error_type) for call in recording.calls} == {("sqlite", "")}


async def test_a_call_without_an_answer_is_measured_at_its_deadline() -> None:
    recording = Recording()
    with silent() as address:
        async with running(Settings(redis_url=SecretStr(f"redis://{address}/0")), recording) as store:
            snapshot = await opened(store, "s")
            assert not snapshot.shared
            with pytest.raises(StoreUnavailable):
                await store.get(RECORD.stream_id)
    first = recording.calls[0]
    assert (first.operation, first.error_type) == (Operation.OPEN, "NoAnswer")
    assert first.seconds > 1


PUT = PutStream(1, replace(RECORD, session_key="s"))


@pytest.mark.parametrize(
    ("effect_of", "operation", "stream_id", "trace"),
    [
        (lambda snapshot: Admit(1, snapshot, StreamRequest("words")), Operation.ADMIT, "id-1", TRACE),
        (lambda _snapshot: PUT, Operation.PUT, RECORD.stream_id, RECORD.trace),
    ],
    ids=["admit", "put"],
)
async def test_a_call_has_the_ids_of_what_waits_for_it(
    tmp_path: Path, effect_of: Callable[..., TicketedEffect], operation: Operation, stream_id: str, trace: object
) -> None:
    recording = Recording()
    async with running(Settings(data_dir=tmp_path), recording) as store:
        ticker, writer = Ticker(lambda: at(0)), MessageWriter()
        services = Services(store, Engine(), Ids(), recording, ticker, Pacer(ticker, writer), writer, lambda: at(0))
        snapshot = await opened(store, "s")
        await EffectHandler(services, "c", "s", "a client").perform(effect_of(snapshot))
    call = recording.calls[-1]
    assert (call.operation, call.connection_id, call.session_id) == (operation, "c", "s")
    assert (call.stream_id, call.trace) == (stream_id, trace)

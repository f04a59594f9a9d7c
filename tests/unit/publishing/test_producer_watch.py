"""What happens to producers is recorded by one process, once, and what no producer adopts ends for its readers."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from msgspec.structs import replace

from service.events import (
    Event,
    FaultRaised,
    LiveOutcome,
    LiveStreamEnded,
    LiveStreamsCounted,
    ProducerContinued,
    ProducerLost,
    ProducerStalled,
)
from service.live.lease import LEASE_SECONDS, STALLED_SECONDS, adoptable_seconds
from service.live.ports import Appended, Expiry, LiveNotice, SourceStored
from service.live.records import Append, LiveStatus
from service.protocol.instant import Instant
from service.publishing import producer_watch
from service.publishing.producer_watch import ProducerWatch
from service.session.ports import StoreUnavailable
from service.stores.sqlite.live_store import SqliteLiveStore
from service.stores.store_limits import LiveLimits
from tests.contract.live.samples import RECORD, RESUME_TTL

ID = RECORD.stream_id
OF_STREAM = (RECORD.session_id, ID, RECORD.trace)
BEGIN = 1_700_000_000.0
CREATED = replace(RECORD, created_at=BEGIN)


class Store(SqliteLiveStore):
    """Fails with ``failure`` while there is one."""

    failure: Exception | None = None
    calls: asyncio.Queue[None]

    async def expire(self) -> Expiry:
        self.calls.put_nowait(None)
        if self.failure is not None:
            raise self.failure
        return await super().expire()


class Scene:
    """Processes over one store, whose clock the test moves."""

    def __init__(self, processes: int = 2) -> None:
        self.now = 0.0
        self.store = Store(None, LiveLimits(max_length=1000), RESUME_TTL, lambda: BEGIN + self.now)
        self.store.calls = asyncio.Queue()
        self.events: list[Event] = []
        self.notices: list[LiveNotice] = []
        self.watches = [
            ProducerWatch(self.store, self.notices.append, self, self._clock, lambda: "e") for _ in range(processes)
        ]
        self._offset = 0

    def _clock(self) -> Instant:
        return Instant(self.now, BEGIN + self.now)

    def record(self, event: Event) -> None:
        self.events.append(event)

    def taken(self) -> Sequence[Event]:
        """What was recorded since the last call, without the counts of streams."""
        events = [event for event in self.events if not isinstance(event, LiveStreamsCounted)]
        self.events.clear()
        return events

    async def check(self) -> Sequence[Event]:
        for watch in self.watches:
            await watch.check()
        return self.taken()

    async def append(self, data: bytes = b"", ends: LiveStatus | None = None, *, process: int = 0) -> None:
        [result] = await self.store.append([Append(ID, 0, self._offset, data, ends)])
        assert isinstance(result, Appended)
        self._offset = result.length
        self.watches[process].stored([SourceStored(ID, 0, result.length, result.data, result.status)])


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    scene = Scene()
    await scene.store.create(CREATED)
    yield scene
    await scene.store.close()


async def test_a_silent_producer_stalls_once_and_continues(scene: Scene) -> None:
    await scene.append(b"a")
    scene.now += STALLED_SECONDS - 0.1
    assert await scene.check() == []
    scene.now += 0.1
    assert await scene.check() == [ProducerStalled(*OF_STREAM)]
    scene.now += 2
    assert await scene.check() == []
    await scene.append()
    assert scene.taken() == [ProducerContinued(*OF_STREAM, STALLED_SECONDS + 2)]
    await scene.append(b"b")
    assert await scene.check() == []


async def test_a_producer_that_another_process_hears_has_not_stalled(scene: Scene) -> None:
    await scene.append(b"a", process=0)
    scene.now += STALLED_SECONDS - 1
    await scene.append(b"b", process=1)
    scene.now += 1
    assert await scene.check() == []
    scene.now += STALLED_SECONDS - 1
    assert await scene.check() == [ProducerStalled(*OF_STREAM)]


async def test_a_loss_is_recorded_by_one_process(scene: Scene) -> None:
    await scene.append(b"abc")
    scene.now += LEASE_SECONDS
    events = await scene.check()
    assert [event for event in events if isinstance(event, ProducerLost)] == [ProducerLost(*OF_STREAM, 3)]
    scene.now += 1
    assert await scene.check() == []


async def test_a_stream_that_no_producer_adopts_ends_for_its_readers(scene: Scene) -> None:
    await scene.append(b"abc")
    scene.now += LEASE_SECONDS
    await scene.check()
    scene.now = adoptable_seconds(RESUME_TTL)
    [ended] = await scene.check()
    assert isinstance(ended, LiveStreamEnded)
    assert (ended.outcome, ended.bytes, ended.seconds) == (LiveOutcome.ABANDONED, 3, scene.now)
    assert scene.notices == [SourceStored(ID, 0, 3, b"", LiveStatus.ERROR)]
    assert await scene.check() == []


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (LiveStatus.COMPLETE, LiveOutcome.COMPLETE),
        (LiveStatus.ERROR, LiveOutcome.ERROR),
        (LiveStatus.CANCELLED, LiveOutcome.CANCELLED),
    ],
)
async def test_an_end_is_recorded_once_with_its_time(scene: Scene, status: LiveStatus, outcome: LiveOutcome) -> None:
    scene.now += 3
    await scene.append(b"abc", status)
    await scene.append(b"", status)
    scene.now += 1
    [ended] = await scene.check()
    assert isinstance(ended, LiveStreamEnded)
    assert (ended.outcome, ended.created_at, ended.ended_at) == (outcome, BEGIN, BEGIN + 3)
    await scene.append(b"", status)
    scene.now += STALLED_SECONDS
    assert await scene.check() == []


async def test_an_end_is_recorded_where_it_happened(scene: Scene) -> None:
    """A producer that repeats the end of another process, or that of a reader who cancelled, has ended nothing."""
    await scene.append(b"abc")
    scene.watches[0].noticed(SourceStored(ID, 0, 3, b"", LiveStatus.CANCELLED))
    await scene.append(b"", LiveStatus.CANCELLED)
    scene.now += STALLED_SECONDS
    assert await scene.check() == []


async def test_streams_are_counted_by_the_silence_of_their_producers(scene: Scene) -> None:
    scene.now += STALLED_SECONDS
    await scene.store.create(replace(CREATED, stream_id="other", creation_key=None))
    await scene.watches[0].check()
    assert scene.events == [LiveStreamsCounted(open=2, stalled=1, interrupted=0)]


async def test_it_checks_periodically_and_goes_on_after_a_failure(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(producer_watch, "PERIOD_SECONDS", 0)

    async def more_calls() -> None:
        for _ in range(2):
            await scene.store.calls.get()

    async with scene.watches[0].running():
        scene.store.failure = StoreUnavailable("silent")
        await more_calls()
        assert scene.taken() == []
        scene.store.failure = ValueError("a fault")
        await more_calls()
        scene.store.failure = None
        await scene.append(b"abc", LiveStatus.COMPLETE)
    faults = [event for event in scene.events if isinstance(event, FaultRaised)]
    assert faults
    assert [event.outcome for event in scene.events if isinstance(event, LiveStreamEnded)] == [LiveOutcome.COMPLETE]

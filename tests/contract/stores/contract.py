"""The tests that every session store must pass.

A subclass of ``SessionStoreContract``, or of ``SharedStoreContract`` if several processes may share the store, defines
the abstract methods, and pytest runs the tests on the stores that ``make`` returns. All times are multiples of
``limits.max_session_seconds`` and ``resume_ttl_seconds``; no test is nearer to a deadline than a twentieth of these.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import ClassVar

import msgspec
import pytest

from service.events import StoreLimit
from service.protocol.limits import Limits
from service.protocol.messages import ContentType
from service.protocol.trace import Trace, TraceContext
from service.session.ports import SessionStore
from service.session.records import Claim, Digest, SessionSnapshot, StreamRecord, StreamStatus
from service.stores.failures import StoreFull
from service.stores.store_limits import StoreLimits, StoreSize
from tests.waiting import eventually

FIRST, SECOND, THIRD = b"m" * 32, b"t" * 32, b"l" * 32
"""Digests of tokens."""

RECORD = StreamRecord(
    stream_id="a-stream",
    session_id="s",
    session_incarnation="an-epoch",
    owners=(FIRST,),
    content_type=ContentType.HTML,
    request_id="müsli 🥣",
    trace=Trace("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", sampled=True),
    plan=bytes(range(256)) + "Grüße".encode(),
    processing_seconds=0.125,
)

RICH_RECORD = msgspec.structs.replace(
    RECORD,
    stream_id="another-stream",
    owners=(FIRST, SECOND),
    request_id=None,
    trace=Trace("a" * 32, "b" * 16, sampled=False, parent=TraceContext("a" * 32, "c" * 16, sampled=True)),
    plan=b"\0" * 100_000,
    epoch=3,
    skip_at=7,
    skip_settled=True,
    paused=True,
    counted=True,
)


def claim(
    request_id: str = "r", *, content: bytes = b"c", owner: Digest = FIRST, presented: Digest | None = None
) -> Claim:
    return Claim(request_id, content * 32, owner, presented)


LARGE = 10_000
"""Bytes of a plan."""


def stream_of(session_id: str, number: int, plan_bytes: int) -> StreamRecord:
    return msgspec.structs.replace(
        RECORD, stream_id=f"{session_id}-{number}", session_id=session_id, plan=b"\1" * plan_bytes
    )


class SessionStoreContract(ABC):
    """One store, used by one process."""

    limits: ClassVar = Limits(max_requests=5, max_session_seconds=60)
    store_limits = StoreLimits(max_bytes=2**20, max_sessions=20)
    resume_ttl_seconds: ClassVar[float] = 10
    slack_seconds: ClassVar[float] = 1e-3
    """The tolerance of ``SessionSnapshot.seconds_left`` for a store with a clock of its own."""

    @abstractmethod
    def make(self) -> SessionStore:
        """Create a store with ``limits`` and ``resume_ttl_seconds``; it is empty at the beginning of a test."""

    @abstractmethod
    async def size(self, store: SessionStore) -> StoreSize:
        """Return what the store holds."""

    @abstractmethod
    async def pass_seconds(self, seconds: float) -> None:
        """Advance the clock of the store."""

    @abstractmethod
    async def holds(self, content: bytes) -> bool:
        """Whether the data of the store contains these bytes."""

    @pytest.fixture
    async def store(self) -> AsyncIterator[SessionStore]:
        store = self.make()
        yield store
        await store.close()

    async def pass_session(self, share: float) -> None:
        await self.pass_seconds(self.limits.max_session_seconds * share)

    async def pass_ttl(self, share: float) -> None:
        await self.pass_seconds(self.resume_ttl_seconds * share)

    # Sessions

    async def test_the_first_connection_creates_the_session(self, store: SessionStore) -> None:
        snapshot = await store.open("s")
        assert (snapshot.session_id, snapshot.requests_used, snapshot.shared) == ("s", 0, True)
        assert snapshot.seconds_left == pytest.approx(self.limits.max_session_seconds, abs=self.slack_seconds)

    async def test_a_reconnect_before_the_end_joins_the_session(self, store: SessionStore) -> None:
        first = await store.open("s")
        await store.admit(first, "a-stream", None)
        await self.pass_session(0.8)
        again = await store.open("s")
        assert (again.incarnation, again.requests_used) == (first.incarnation, 1)
        assert again.seconds_left == pytest.approx(self.limits.max_session_seconds * 0.2, abs=self.slack_seconds)

    async def test_after_the_end_a_new_session_begins_with_the_same_id(self, store: SessionStore) -> None:
        first = await store.open("s")
        await store.admit(first, "a-stream", None)
        await self.pass_session(1)
        second = await store.open("s")
        assert second.incarnation != first.incarnation
        assert second.requests_used == 0
        assert second.seconds_left == pytest.approx(self.limits.max_session_seconds, abs=self.slack_seconds)
        assert (await store.admit(second, "a-stream", None)).requests_used == 1

    async def test_sessions_do_not_share_a_count(self, store: SessionStore) -> None:
        for _ in range(5):
            await store.admit(await store.open("one"), "a-stream", None)
        assert (await store.admit(await store.open("other"), "a-stream", None)).admitted

    async def test_the_limit_is_exact_under_concurrent_calls(self, store: SessionStore) -> None:
        snapshots = [await store.open("s") for _ in range(4)]
        admissions = await asyncio.gather(*(store.admit(snapshot, "a-stream", None) for snapshot in snapshots * 10))
        assert sorted(one.requests_used for one in admissions if one.admitted) == [1, 2, 3, 4, 5]
        assert {one.requests_used for one in admissions if not one.admitted} == {5}

    # Snapshots

    async def test_a_snapshot_without_time_left_admits_nothing(self, store: SessionStore) -> None:
        snapshot = await store.open("s")
        for seconds_left in (0.0, -1.0):
            over = msgspec.structs.replace(snapshot, seconds_left=seconds_left)
            assert not (await store.admit(over, "a-stream", None)).admitted
        assert (await store.open("s")).requests_used == 0

    async def test_a_lost_session_is_created_again_from_a_snapshot(self, store: SessionStore) -> None:
        seconds_left = self.limits.max_session_seconds / 2
        snapshot = SessionSnapshot("s", "of-a-store-that-was-wiped", 3, seconds_left)
        admission = await store.admit(snapshot, "a-stream", None)
        assert (admission.admitted, admission.requests_used) == (True, 4)
        again = await store.open("s")
        assert (again.incarnation, again.requests_used) == (snapshot.incarnation, 4)
        assert again.seconds_left == pytest.approx(seconds_left, abs=self.slack_seconds)

    async def test_a_session_created_again_keeps_its_limit(self, store: SessionStore) -> None:
        snapshot = SessionSnapshot("s", "of-a-store-that-was-wiped", 5, self.limits.max_session_seconds / 2)
        admission = await store.admit(snapshot, "a-stream", None)
        assert (admission.admitted, admission.requests_used) == (False, 5)
        assert (await store.open("s")).requests_used == 5

    async def test_of_two_snapshots_of_a_lost_session_the_higher_count_applies(self, store: SessionStore) -> None:
        snapshot = SessionSnapshot("s", "of-a-store-that-was-wiped", 1, self.limits.max_session_seconds / 2)
        assert (await store.admit(snapshot, "a-stream", None)).requests_used == 2
        fresher = msgspec.structs.replace(snapshot, requests_used=4)
        assert (await store.admit(fresher, "a-stream", None)).requests_used == 5
        assert not (await store.admit(snapshot, "a-stream", None)).admitted

    async def test_a_snapshot_of_another_incarnation_counts_in_the_present_session(self, store: SessionStore) -> None:
        present = await store.open("s")
        other = SessionSnapshot("s", "of-a-store-that-was-wiped", 4, self.limits.max_session_seconds / 2)
        admission = await store.admit(other, "a-stream", None)
        assert (admission.admitted, admission.requests_used) == (True, 1)
        assert (await store.open("s")).incarnation == present.incarnation

    # Claims

    async def test_a_repetition_with_the_token_is_the_same_request(self, store: SessionStore) -> None:
        snapshot = await store.open("s")
        first = await store.admit(snapshot, "a-stream", claim())
        again = await store.admit(snapshot, "b-stream", claim(owner=SECOND, presented=FIRST))
        assert (first.admitted, first.requests_used, first.repeats) == (True, 1, None)
        assert (again.admitted, again.requests_used, again.repeats) == (True, 1, "a-stream")
        third = await store.admit(snapshot, "c-stream", claim(owner=THIRD, presented=SECOND))
        assert third.repeats == "a-stream", "a repetition can be repeated"

    async def test_repetitions_with_the_token_of_the_first_attempt_are_charged_once(self, store: SessionStore) -> None:
        snapshot = await store.open("s")  # with FIRST as its token; the first attempt is lost
        second = await store.admit(snapshot, "b-stream", claim(owner=SECOND, presented=FIRST))
        assert (second.admitted, second.requests_used, second.repeats) == (True, 1, None)
        third = await store.admit(snapshot, "c-stream", claim(owner=THIRD, presented=FIRST))
        assert (third.admitted, third.requests_used, third.repeats) == (True, 1, "b-stream")
        assert (await store.admit(snapshot, "d-stream", claim(content=b"d", presented=FIRST))).conflicts

    async def test_a_repetition_is_admitted_after_the_limit_is_reached(self, store: SessionStore) -> None:
        snapshot = await store.open("s")
        for number in range(5):
            await store.admit(snapshot, f"stream-{number}", claim(f"r{number}"))
        assert not (await store.admit(snapshot, "new", claim("new", owner=SECOND, presented=FIRST))).admitted
        again = await store.admit(snapshot, "again", claim("r2", owner=SECOND, presented=FIRST))
        assert (again.admitted, again.requests_used, again.repeats) == (True, 5, "stream-2")

    async def test_other_content_with_the_same_request_id_conflicts(self, store: SessionStore) -> None:
        snapshot = await store.open("s")
        await store.admit(snapshot, "a-stream", claim())
        other = await store.admit(snapshot, "b-stream", claim(content=b"d", owner=SECOND, presented=FIRST))
        assert (other.admitted, other.requests_used, other.conflicts) == (False, 1, True)
        assert (await store.open("s")).requests_used == 1

    async def test_a_claim_of_another_owner_has_no_effect(self, store: SessionStore) -> None:
        snapshot = await store.open("s")
        await store.admit(snapshot, "a-stream", claim())
        for stranger in (claim(owner=SECOND), claim(content=b"d", owner=SECOND, presented=THIRD)):
            admission = await store.admit(snapshot, "b-stream", stranger)
            assert (admission.admitted, admission.repeats, admission.conflicts) == (True, None, False)
        assert (await store.open("s")).requests_used == 3

    async def test_a_claim_has_no_effect_in_another_session(self, store: SessionStore) -> None:
        await store.admit(await store.open("s"), "a-stream", claim())
        for content in (b"c", b"d"):
            other = await store.open(f"other-{content!r}")
            admission = await store.admit(other, "b-stream", claim(content=content, owner=SECOND, presented=FIRST))
            assert (admission.admitted, admission.requests_used, admission.repeats) == (True, 1, None)

    async def test_without_a_token_the_latest_request_holds_the_claim(self, store: SessionStore) -> None:
        snapshot = await store.open("s")
        await store.admit(snapshot, "a-stream", claim())
        second = await store.admit(snapshot, "b-stream", claim(content=b"d"))
        assert (second.admitted, second.requests_used, second.repeats) == (True, 2, None)
        again = await store.admit(snapshot, "c-stream", claim(content=b"d", owner=SECOND, presented=FIRST))
        assert again.repeats == "b-stream"

    async def test_a_request_that_is_not_admitted_makes_no_claim(self, store: SessionStore) -> None:
        snapshot = SessionSnapshot("s", "of-a-store-that-was-wiped", 5, self.limits.max_session_seconds / 2)
        await store.admit(snapshot, "a-stream", claim())
        assert not (await store.admit(snapshot, "b-stream", claim(owner=SECOND, presented=FIRST))).admitted

    async def test_a_claim_lasts_as_long_as_its_session(self, store: SessionStore) -> None:
        await store.admit(await store.open("s"), "a-stream", claim())
        await self.pass_session(0.8)
        again = await store.admit(await store.open("s"), "b-stream", claim(owner=SECOND, presented=FIRST))
        assert again.repeats == "a-stream"
        await self.pass_session(0.3)
        anew = await store.admit(await store.open("s"), "c-stream", claim(owner=THIRD, presented=FIRST))
        assert (anew.requests_used, anew.repeats) == (1, None)

    async def test_a_repetition_that_is_prepared_again_is_charged_from_the_third_time_on(
        self, store: SessionStore
    ) -> None:
        snapshot = await store.open("s")
        await store.admit(snapshot, "a-stream", claim())
        await store.admit(snapshot, "other-stream", claim("other"))
        await store.admit(snapshot, "b-stream", claim(owner=SECOND, presented=FIRST))
        charged = [await store.charge_repetition(snapshot, "a-stream") for _ in range(2)]
        await store.admit(snapshot, "c-stream", claim(owner=THIRD, presented=SECOND))
        charged += [await store.charge_repetition(snapshot, "a-stream") for _ in range(4)]
        assert [(one.admitted, one.requests_used) for one in charged] == [
            (True, 2),
            (True, 2),
            (True, 3),
            (True, 4),
            (True, 5),
            (False, 5),
        ]
        assert (await store.charge_repetition(snapshot, "other-stream")).admitted, "of another request"
        assert (await store.open("s")).requests_used == 5

    async def test_a_session_makes_a_bounded_number_of_claims(self, store: SessionStore) -> None:
        snapshot = await store.open("s")
        await store.admit(snapshot, "a-stream", claim())
        owners = [bytes([number]) * 32 for number in range(100)]
        for owner in owners:
            await store.admit(snapshot, "again", claim(owner=owner, presented=FIRST))
        kept = [(await store.admit(snapshot, "later", claim(owner=owner, presented=owner))).repeats for owner in owners]
        assert kept.count("a-stream") == 4 * self.limits.max_requests - 1
        again = await store.admit(snapshot, "again", claim(owner=SECOND, presented=FIRST))
        assert again.repeats == "a-stream", "the token of the first attempt is always valid"

    # Limits of the store

    async def test_the_session_that_uses_most_of_the_bytes_is_refused_first(self, store: SessionStore) -> None:
        refused: set[str] = set()
        for number in range(60):
            for session in ("large", "larger"):
                try:
                    await store.put(stream_of(session, number, LARGE * (1 + (session == "larger"))))
                except StoreFull:
                    refused.add(f"{session}-{number}")
        assert "larger-0" not in refused
        assert {"large-59", "larger-59"} <= refused
        size = await self.size(store)
        assert size.bytes <= self.store_limits.max_bytes
        with pytest.raises(StoreFull) as full:
            await store.put(stream_of("large", 60, LARGE))
        assert full.value.limit is StoreLimit.BYTES
        small = stream_of("small", 0, LARGE)
        await store.put(small)
        assert await store.get(small.stream_id) == small, "another session is not affected"

    async def test_bytes_are_free_again_when_streams_have_ended(self, store: SessionStore) -> None:
        async def fill(session: str) -> int:
            for number in range(1000):
                try:
                    await store.put(stream_of(session, number, LARGE))
                except StoreFull:
                    return number
            raise AssertionError("the store has no limit")

        first = await fill("one")
        store.update_status("one-0", 0, StreamStatus.ACKNOWLEDGED)
        store.update_status("one-1", 0, StreamStatus.ACKNOWLEDGED)

        async def has_room() -> bool:
            try:
                await store.put(stream_of("one", first, LARGE))
            except StoreFull:
                return False
            return True

        await eventually(has_room)
        await store.acquire("one-2", 0, SECOND)
        await self.pass_ttl(1.3)

        async def is_empty() -> bool:
            with suppress(StoreFull):
                await store.put(stream_of("another", 0, LARGE))
            return (await self.size(store)).bytes < 10 * LARGE

        await eventually(is_empty)
        assert await fill("one") >= first - 1

    async def test_a_stream_that_is_put_again_is_counted_once(self, store: SessionStore) -> None:
        for _ in range(100):
            await store.put(stream_of("s", 0, LARGE))
        assert (await self.size(store)).bytes < 10 * LARGE

    async def test_sessions_without_a_request_make_room_and_their_connections_restore_them(
        self, store: SessionStore
    ) -> None:
        first = await store.open("first")
        for number in range(2 * self.store_limits.max_sessions):
            await store.open(f"s{number}")
        assert (await self.size(store)).sessions <= self.store_limits.max_sessions
        assert (await store.admit(first, "a-stream", None)).requests_used == 1
        assert (await store.open("first")).incarnation == first.incarnation

    async def test_sessions_end_and_make_room(self, store: SessionStore) -> None:
        for number in range(self.store_limits.max_sessions):
            await store.admit(await store.open(f"s{number}"), "a-stream", None)
        await self.pass_session(1)
        assert (await store.open("new")).requests_used == 0

        async def one_is_left() -> bool:
            return (await self.size(store)).sessions == 1

        await eventually(one_is_left)

    # Streams

    @pytest.mark.parametrize("record", [RECORD, RICH_RECORD])
    async def test_get_returns_the_record_that_was_put(self, store: SessionStore, record: StreamRecord) -> None:
        await store.put(record)
        assert await store.get(record.stream_id) == record

    async def test_operations_on_an_unknown_stream_have_no_effect(self, store: SessionStore) -> None:
        assert await store.get("nothing") is None
        assert not await store.acquire("nothing", 0, SECOND)
        assert not await store.mark_skip("nothing", 0, 1, settled=True)
        store.update_status("nothing", 0, StreamStatus.PAUSED)
        assert await store.renew_leases({"nothing": 0}) == frozenset()
        assert await store.get("nothing") is None

    async def test_acquire_increments_the_epoch(self, store: SessionStore) -> None:
        await store.put(RECORD)
        assert await store.acquire("a-stream", 0, SECOND)
        assert await store.get("a-stream") == msgspec.structs.replace(RECORD, epoch=1, owners=(FIRST, SECOND))
        assert await store.acquire("a-stream", 1, SECOND)
        assert await store.get("a-stream") == msgspec.structs.replace(RECORD, epoch=2, owners=(FIRST, SECOND))
        assert not await store.acquire("a-stream", 1, THIRD)
        assert not await store.acquire("a-stream", 3, THIRD)

    async def test_of_concurrent_calls_of_acquire_one_succeeds(self, store: SessionStore) -> None:
        await store.put(RECORD)
        owners = [bytes([number]) * 32 for number in range(20)]
        acquired = await asyncio.gather(*(store.acquire("a-stream", 0, owner) for owner in owners))
        assert sum(acquired) == 1
        found = await store.get("a-stream")
        assert found is not None
        assert (found.epoch, found.owners) == (1, (FIRST, owners[acquired.index(True)]))

    async def test_a_skip_is_stored_at_the_present_epoch_only(self, store: SessionStore) -> None:
        await store.put(RECORD)
        assert await store.mark_skip("a-stream", 0, 7, settled=False)
        assert await store.get("a-stream") == msgspec.structs.replace(RECORD, skip_at=7)
        assert await store.mark_skip("a-stream", 0, 7, settled=True)
        assert await store.get("a-stream") == msgspec.structs.replace(RECORD, skip_at=7, skip_settled=True)
        await store.acquire("a-stream", 0, FIRST)
        assert not await store.mark_skip("a-stream", 0, 9, settled=True)
        assert await store.mark_skip("a-stream", 1, 8, settled=True)
        assert await store.get("a-stream") == msgspec.structs.replace(RECORD, epoch=1, skip_at=8, skip_settled=True)

    async def test_a_skip_that_is_stored_again_is_not_settled(self, store: SessionStore) -> None:
        await store.put(RICH_RECORD)
        await store.mark_skip("another-stream", 3, 9, settled=False)
        assert await store.get("another-stream") == msgspec.structs.replace(RICH_RECORD, skip_at=9, skip_settled=False)

    async def test_status_updates_are_stored_in_order(self, store: SessionStore) -> None:
        await store.put(RECORD)
        for change in (StreamStatus.PAUSED, StreamStatus.RESUMED, StreamStatus.PAUSED, StreamStatus.ENDED):
            store.update_status("a-stream", 0, change)
        await self.eventually(store, lambda found: found is not None and found.counted)
        assert await store.get("a-stream") == msgspec.structs.replace(RECORD, paused=True, counted=True)

    async def test_a_status_update_of_another_epoch_has_no_effect(self, store: SessionStore) -> None:
        await store.put(RECORD)
        await store.acquire("a-stream", 0, FIRST)
        for change in StreamStatus:
            store.update_status("a-stream", 0, change)
        store.update_status("a-stream", 1, StreamStatus.PAUSED)
        await self.eventually(store, lambda found: found is not None and found.paused)
        assert await store.get("a-stream") == msgspec.structs.replace(RECORD, epoch=1, paused=True)

    async def test_an_acknowledged_stream_is_deleted(self, store: SessionStore) -> None:
        await store.put(RECORD)
        store.update_status("a-stream", 0, StreamStatus.ACKNOWLEDGED)
        await self.eventually(store, lambda found: found is None)
        assert not await store.acquire("a-stream", 0, FIRST)
        await self.vanishes(RECORD.plan)

    async def test_renew_leases_returns_the_streams_acquired_elsewhere(self, store: SessionStore) -> None:
        await store.put(RECORD)
        await store.put(RICH_RECORD)
        held = {"a-stream": 0, "another-stream": 3, "gone": 0}
        assert await store.renew_leases(held) == frozenset()
        await store.acquire("a-stream", 0, SECOND)
        assert await store.renew_leases(held) == {"a-stream"}
        assert await store.renew_leases(held | {"a-stream": 1}) == frozenset()
        assert await store.renew_leases({}) == frozenset()

    # Times to live

    async def test_without_renewal_a_stream_is_kept_for_1_25_times_to_live(self, store: SessionStore) -> None:
        await store.put(RECORD)
        await self.pass_ttl(1.1)
        assert await store.get("a-stream") == RECORD
        await self.pass_ttl(0.2)
        assert await store.get("a-stream") is None
        assert not await store.acquire("a-stream", 0, FIRST)
        assert not await store.mark_skip("a-stream", 0, 1, settled=True)
        assert await store.renew_leases({"a-stream": 0}) == frozenset()

    async def test_after_a_renewal_a_stream_is_kept_for_its_whole_time_to_live(self, store: SessionStore) -> None:
        await store.put(RECORD)
        for _ in range(4):
            await self.pass_ttl(0.4)
            await store.renew_leases({"a-stream": 0})
        await self.pass_ttl(0.95)
        assert await store.get("a-stream") == RECORD
        await self.pass_ttl(0.35)
        assert await store.get("a-stream") is None

    async def test_a_renewal_writes_only_when_less_than_the_time_to_live_is_left(self, store: SessionStore) -> None:
        await store.put(RECORD)
        await self.pass_ttl(0.15)
        await store.renew_leases({"a-stream": 0})
        await self.pass_ttl(1.15)
        assert await store.get("a-stream") is None

    async def test_a_renewal_at_an_old_epoch_has_no_effect(self, store: SessionStore) -> None:
        await store.put(RECORD)
        await store.acquire("a-stream", 0, SECOND)
        await self.pass_ttl(0.7)
        await store.renew_leases({"a-stream": 0})
        await self.pass_ttl(0.6)
        assert await store.get("a-stream") is None
        assert await store.renew_leases({"a-stream": 0}) == frozenset()

    async def test_acquire_renews_the_time_to_live(self, store: SessionStore) -> None:
        await store.put(RECORD)
        await self.pass_ttl(0.7)
        await store.acquire("a-stream", 0, SECOND)
        await self.pass_ttl(1.1)
        assert await store.get("a-stream") is not None
        await self.pass_ttl(0.2)
        assert await store.get("a-stream") is None

    async def test_an_ended_stream_is_kept_for_its_time_to_live(self, store: SessionStore) -> None:
        await store.put(RECORD)
        await self.pass_ttl(0.7)
        store.update_status("a-stream", 0, StreamStatus.ENDED)
        await self.eventually(store, lambda found: found is not None and found.counted)
        await self.pass_ttl(0.9)
        assert await store.get("a-stream") is not None
        await self.pass_ttl(0.15)
        assert await store.get("a-stream") is None

    async def test_expired_content_is_deleted_without_a_call(self, store: SessionStore) -> None:
        await store.put(RECORD)
        assert await self.holds(RECORD.plan)
        await self.pass_ttl(1.3)
        await self.vanishes(RECORD.plan)

    # Helpers

    async def eventually(self, store: SessionStore, look: Callable[[StreamRecord | None], bool]) -> None:
        """Return when ``look`` is true for the record of ``a-stream``: status updates are stored later."""

        async def is_so() -> bool:
            return look(await store.get("a-stream"))

        await eventually(is_so)

    async def vanishes(self, content: bytes) -> None:
        """Return when the store does not contain these bytes."""

        async def is_gone() -> bool:
            return not await self.holds(content)

        await eventually(is_gone)


class SharedStoreContract(SessionStoreContract):
    """A store of several processes: the stores that ``make`` returns in one test share their data."""

    @pytest.fixture
    async def other(self) -> AsyncIterator[SessionStore]:
        other = self.make()
        yield other
        await other.close()

    async def test_a_session_can_be_joined_through_another_store(
        self, store: SessionStore, other: SessionStore
    ) -> None:
        first = await store.open("s")
        await store.admit(first, "a-stream", claim())
        again = await other.open("s")
        assert (again.incarnation, again.requests_used) == (first.incarnation, 1)
        repeated = await other.admit(again, "b-stream", claim(owner=SECOND, presented=FIRST))
        assert repeated.repeats == "a-stream"

    async def test_a_connection_joins_a_session_with_the_requests_that_were_counted_without_it(
        self, store: SessionStore
    ) -> None:
        present = await store.open("s")
        await store.admit(present, "a-stream", None)
        joined = await store.join(SessionSnapshot("s", "of-one-process", 2, self.limits.max_session_seconds / 2))
        assert (joined.incarnation, joined.requests_used, joined.shared) == (present.incarnation, 3, True)
        assert joined.seconds_left == pytest.approx(self.limits.max_session_seconds, abs=self.slack_seconds)
        admissions = [await store.admit(joined, "a-stream", None) for _ in range(3)]
        assert [one.requests_used for one in admissions if one.admitted] == [4, 5]

    async def test_a_connection_creates_the_session_that_it_joins_if_there_is_none(self, store: SessionStore) -> None:
        snapshot = SessionSnapshot("s", "of-one-process", 2, self.limits.max_session_seconds / 2, shared=False)
        joined = await store.join(snapshot)
        assert (joined.incarnation, joined.requests_used, joined.shared) == (snapshot.incarnation, 2, True)
        again = await store.open("s")
        assert (again.incarnation, again.requests_used) == (snapshot.incarnation, 2)
        assert again.seconds_left == pytest.approx(snapshot.seconds_left, abs=self.slack_seconds)

    async def test_a_new_session_is_refused_if_every_session_has_requests(self, store: SessionStore) -> None:
        snapshots = [await store.open(f"s{number}") for number in range(self.store_limits.max_sessions)]
        for snapshot in snapshots:
            await store.admit(snapshot, "a-stream", None)
        local = SessionSnapshot("new", "of-one-process", 1, self.limits.max_session_seconds)
        for call in (store.open("new"), store.join(local)):
            with pytest.raises(StoreFull) as full:
                await call
            assert full.value.limit is StoreLimit.SESSIONS
        assert (await store.open("s0")).incarnation == snapshots[0].incarnation

    async def test_concurrent_calls_of_open_create_one_session(self, store: SessionStore, other: SessionStore) -> None:
        snapshots = await asyncio.gather(*(one.open("s") for one in (store, other) * 10))
        assert len({snapshot.incarnation for snapshot in snapshots}) == 1

    async def test_the_limit_is_exact_across_stores(self, store: SessionStore, other: SessionStore) -> None:
        snapshot = await store.open("s")
        admissions = await asyncio.gather(*(one.admit(snapshot, "a-stream", None) for one in (store, other) * 10))
        assert sorted(one.requests_used for one in admissions if one.admitted) == [1, 2, 3, 4, 5]

    async def test_a_stream_can_be_acquired_in_another_store(self, store: SessionStore, other: SessionStore) -> None:
        await store.put(RECORD)
        assert await other.get("a-stream") == RECORD
        acquired = await asyncio.gather(*(one.acquire("a-stream", 0, SECOND) for one in (store, other) * 10))
        assert sum(acquired) == 1
        assert await store.renew_leases({"a-stream": 0}) == await other.renew_leases({"a-stream": 0}) == {"a-stream"}
        assert not await store.mark_skip("a-stream", 0, 7, settled=True)

    async def test_close_stores_queued_status_updates(self, store: SessionStore, other: SessionStore) -> None:
        await other.put(RECORD)
        closing = self.make()
        closing.update_status("a-stream", 0, StreamStatus.PAUSED)
        await closing.close()
        assert await store.get("a-stream") == msgspec.structs.replace(RECORD, paused=True)

"""What every session store must do, whatever it keeps its sessions in.

A back end subclasses ``SessionStoreContract``, or ``SharedStoreContract`` if several processes may share it, and says
what is abstract here. Pytest then runs the tests against what ``make`` gives. All times are multiples of
``limits.max_session_seconds`` and ``resume_ttl_seconds``: a store with a clock of its own sets these short, and really
waits in ``pass_seconds``; the nearest that a test comes to a deadline is a twentieth of a session or of a time to live.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from typing import ClassVar

import msgspec
import pytest

from service.protocol.limits import Limits
from service.protocol.messages import ContentType
from service.protocol.trace import Trace, TraceContext
from service.session.ports import SessionStore
from service.session.records import Claim, Digest, SessionSnapshot, StreamRecord, StreamStatus
from tests.waiting import eventually

MINE, THEIRS, LATER = b"m" * 32, b"t" * 32, b"l" * 32
"""Digests of tokens."""

RECORD = StreamRecord(
    stream_id="a-stream",
    session_id="s",
    session_incarnation="an-epoch",
    owners=(MINE,),
    content_type=ContentType.HTML,
    request_id="müsli 🥣",
    trace=Trace("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", sampled=True),
    plan=bytes(range(256)) + "Grüße".encode(),
    processing_seconds=0.125,
)

RICH_RECORD = msgspec.structs.replace(
    RECORD,
    stream_id="another-stream",
    owners=(MINE, THEIRS),
    request_id=None,
    trace=Trace("a" * 32, "b" * 16, sampled=False, parent=TraceContext("a" * 32, "c" * 16, sampled=True)),
    plan=b"\0" * 1_000_000,
    epoch=3,
    skip_at=7,
    skip_settled=True,
    paused=True,
    counted=True,
)


def claim(
    request_id: str = "r", *, content: bytes = b"c", owner: Digest = MINE, presented: Digest | None = None
) -> Claim:
    return Claim(request_id, content * 32, owner, presented)


class SessionStoreContract(ABC):
    """One store, used by one process."""

    limits: ClassVar = Limits(max_requests=5, max_session_seconds=60)
    resume_ttl_seconds: ClassVar[float] = 10
    slack_seconds: ClassVar[float] = 1e-3
    """How far ``SessionSnapshot.seconds_left`` may be off, where the clock is the store's own."""

    @abstractmethod
    def make(self) -> SessionStore:
        """A store under ``limits`` and ``resume_ttl_seconds``, empty at the beginning of a test."""

    @abstractmethod
    async def pass_seconds(self, seconds: float) -> None:
        """Let the store's clock move on."""

    @abstractmethod
    async def holds(self, content: bytes) -> bool:
        """Whether these bytes are anywhere in what the store keeps; asked again and again when they should go."""

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

    async def test_a_session_begins_with_its_first_connection(self, store: SessionStore) -> None:
        snapshot = await store.open("s")
        assert (snapshot.session_id, snapshot.requests_used, snapshot.shared) == ("s", 0, True)
        assert snapshot.seconds_left == pytest.approx(self.limits.max_session_seconds, abs=self.slack_seconds)

    async def test_a_reconnect_before_the_deadline_changes_nothing(self, store: SessionStore) -> None:
        first = await store.open("s")
        await store.admit(first, "a-stream", None)
        await self.pass_session(0.8)
        again = await store.open("s")
        assert (again.incarnation, again.requests_used) == (first.incarnation, 1)
        assert again.seconds_left == pytest.approx(self.limits.max_session_seconds * 0.2, abs=self.slack_seconds)

    async def test_at_the_deadline_a_new_session_begins_under_the_same_id(self, store: SessionStore) -> None:
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

    async def test_the_limit_is_exact_whoever_counts(self, store: SessionStore) -> None:
        leases = [await store.open("s") for _ in range(4)]
        admissions = await asyncio.gather(*(store.admit(snapshot, "a-stream", None) for snapshot in leases * 10))
        assert sorted(one.requests_used for one in admissions if one.admitted) == [1, 2, 3, 4, 5]
        assert {one.requests_used for one in admissions if not one.admitted} == {5}

    # Leases

    async def test_a_lease_whose_time_is_over_admits_nothing(self, store: SessionStore) -> None:
        snapshot = await store.open("s")
        for seconds_left in (0.0, -1.0):
            over = msgspec.structs.replace(snapshot, seconds_left=seconds_left)
            assert not (await store.admit(over, "a-stream", None)).admitted
        assert (await store.open("s")).requests_used == 0

    async def test_a_session_that_the_store_has_lost_is_made_again_from_a_lease(self, store: SessionStore) -> None:
        seconds_left = self.limits.max_session_seconds / 2
        snapshot = SessionSnapshot("s", "of-a-store-that-was-wiped", 3, seconds_left)
        admission = await store.admit(snapshot, "a-stream", None)
        assert (admission.admitted, admission.requests_used) == (True, 4)
        again = await store.open("s")
        assert (again.incarnation, again.requests_used) == (snapshot.incarnation, 4)
        assert again.seconds_left == pytest.approx(seconds_left, abs=self.slack_seconds)

    async def test_a_session_that_is_made_again_is_not_made_larger(self, store: SessionStore) -> None:
        snapshot = SessionSnapshot("s", "of-a-store-that-was-wiped", 5, self.limits.max_session_seconds / 2)
        admission = await store.admit(snapshot, "a-stream", None)
        assert (admission.admitted, admission.requests_used) == (False, 5)
        assert (await store.open("s")).requests_used == 5

    async def test_of_two_leases_of_a_lost_session_the_one_that_knows_more_is_believed(
        self, store: SessionStore
    ) -> None:
        snapshot = SessionSnapshot("s", "of-a-store-that-was-wiped", 1, self.limits.max_session_seconds / 2)
        assert (await store.admit(snapshot, "a-stream", None)).requests_used == 2
        fresher = msgspec.structs.replace(snapshot, requests_used=4)
        assert (await store.admit(fresher, "a-stream", None)).requests_used == 5
        assert not (await store.admit(snapshot, "a-stream", None)).admitted

    async def test_a_lease_of_another_epoch_counts_in_the_present_session(self, store: SessionStore) -> None:
        present = await store.open("s")
        other = SessionSnapshot("s", "of-a-store-that-was-wiped", 4, self.limits.max_session_seconds / 2)
        admission = await store.admit(other, "a-stream", None)
        assert (admission.admitted, admission.requests_used) == (True, 1)
        assert (await store.open("s")).incarnation == present.incarnation

    # Claims

    async def test_a_request_that_comes_again_with_its_token_is_the_same_request(self, store: SessionStore) -> None:
        snapshot = await store.open("s")
        first = await store.admit(snapshot, "a-stream", claim())
        again = await store.admit(snapshot, "b-stream", claim(owner=THEIRS, presented=MINE))
        assert (first.admitted, first.requests_used, first.repeats) == (True, 1, None)
        assert (again.admitted, again.requests_used, again.repeats) == (True, 1, "a-stream")
        third = await store.admit(snapshot, "c-stream", claim(owner=LATER, presented=THEIRS))
        assert third.repeats == "a-stream", "whoever has repeated it may be repeated"

    async def test_who_presents_the_token_of_the_first_attempt_pays_once(self, store: SessionStore) -> None:
        snapshot = await store.open("s")  # with MINE as its token; the first attempt is lost on its way
        second = await store.admit(snapshot, "b-stream", claim(owner=THEIRS, presented=MINE))
        assert (second.admitted, second.requests_used, second.repeats) == (True, 1, None)
        third = await store.admit(snapshot, "c-stream", claim(owner=LATER, presented=MINE))
        assert (third.admitted, third.requests_used, third.repeats) == (True, 1, "b-stream")
        assert (await store.admit(snapshot, "d-stream", claim(content=b"d", presented=MINE))).conflicts

    async def test_a_repetition_is_admitted_where_nothing_new_is(self, store: SessionStore) -> None:
        snapshot = await store.open("s")
        for number in range(5):
            await store.admit(snapshot, f"stream-{number}", claim(f"r{number}"))
        assert not (await store.admit(snapshot, "new", claim("new", owner=THEIRS, presented=MINE))).admitted
        again = await store.admit(snapshot, "again", claim("r2", owner=THEIRS, presented=MINE))
        assert (again.admitted, again.requests_used, again.repeats) == (True, 5, "stream-2")

    async def test_another_request_under_a_known_name_conflicts(self, store: SessionStore) -> None:
        snapshot = await store.open("s")
        await store.admit(snapshot, "a-stream", claim())
        other = await store.admit(snapshot, "b-stream", claim(content=b"d", owner=THEIRS, presented=MINE))
        assert (other.admitted, other.requests_used, other.conflicts) == (False, 1, True)
        assert (await store.open("s")).requests_used == 1

    async def test_another_owners_claim_means_nothing(self, store: SessionStore) -> None:
        snapshot = await store.open("s")
        await store.admit(snapshot, "a-stream", claim())
        for stranger in (claim(owner=THEIRS), claim(content=b"d", owner=THEIRS, presented=LATER)):
            admission = await store.admit(snapshot, "b-stream", stranger)
            assert (admission.admitted, admission.repeats, admission.conflicts) == (True, None, False)
        assert (await store.open("s")).requests_used == 3

    async def test_a_claim_means_nothing_in_another_session(self, store: SessionStore) -> None:
        await store.admit(await store.open("s"), "a-stream", claim())
        for content in (b"c", b"d"):
            other = await store.open(f"other-{content!r}")
            admission = await store.admit(other, "b-stream", claim(content=content, owner=THEIRS, presented=MINE))
            assert (admission.admitted, admission.requests_used, admission.repeats) == (True, 1, None)

    async def test_without_a_token_the_last_request_under_a_name_has_it(self, store: SessionStore) -> None:
        snapshot = await store.open("s")
        await store.admit(snapshot, "a-stream", claim())
        second = await store.admit(snapshot, "b-stream", claim(content=b"d"))
        assert (second.admitted, second.requests_used, second.repeats) == (True, 2, None)
        again = await store.admit(snapshot, "c-stream", claim(content=b"d", owner=THEIRS, presented=MINE))
        assert again.repeats == "b-stream"

    async def test_a_request_that_is_not_admitted_claims_nothing(self, store: SessionStore) -> None:
        snapshot = SessionSnapshot("s", "of-a-store-that-was-wiped", 5, self.limits.max_session_seconds / 2)
        await store.admit(snapshot, "a-stream", claim())
        assert not (await store.admit(snapshot, "b-stream", claim(owner=THEIRS, presented=MINE))).admitted

    async def test_a_claim_lives_as_long_as_its_session(self, store: SessionStore) -> None:
        await store.admit(await store.open("s"), "a-stream", claim())
        await self.pass_session(0.8)
        again = await store.admit(await store.open("s"), "b-stream", claim(owner=THEIRS, presented=MINE))
        assert again.repeats == "a-stream"
        await self.pass_session(0.3)
        anew = await store.admit(await store.open("s"), "c-stream", claim(owner=LATER, presented=MINE))
        assert (anew.requests_used, anew.repeats) == (1, None)

    # Streams

    @pytest.mark.parametrize("record", [RECORD, RICH_RECORD])
    async def test_what_is_kept_is_found_as_it_was(self, store: SessionStore, record: StreamRecord) -> None:
        await store.put(record)
        assert await store.get(record.stream_id) == record

    async def test_what_was_never_kept_is_not_found(self, store: SessionStore) -> None:
        assert await store.get("nothing") is None
        assert not await store.acquire("nothing", 0, THEIRS)
        assert not await store.mark_skip("nothing", 0, 1, settled=True)
        store.update_status("nothing", 0, StreamStatus.PAUSED)
        assert await store.renew_leases({"nothing": 0}) == frozenset()
        assert await store.get("nothing") is None

    async def test_a_stream_is_taken_by_the_next_epoch(self, store: SessionStore) -> None:
        await store.put(RECORD)
        assert await store.acquire("a-stream", 0, THEIRS)
        assert await store.get("a-stream") == msgspec.structs.replace(RECORD, epoch=1, owners=(MINE, THEIRS))
        assert await store.acquire("a-stream", 1, THEIRS)
        assert await store.get("a-stream") == msgspec.structs.replace(RECORD, epoch=2, owners=(MINE, THEIRS))
        assert not await store.acquire("a-stream", 1, LATER)
        assert not await store.acquire("a-stream", 3, LATER)

    async def test_of_many_who_take_a_stream_at_once_one_has_it(self, store: SessionStore) -> None:
        await store.put(RECORD)
        takers = [bytes([number]) * 32 for number in range(20)]
        taken = await asyncio.gather(*(store.acquire("a-stream", 0, taker) for taker in takers))
        assert sum(taken) == 1
        found = await store.get("a-stream")
        assert found is not None
        assert (found.epoch, found.owners) == (1, (MINE, takers[taken.index(True)]))

    async def test_a_skip_is_marked_at_the_present_epoch_alone(self, store: SessionStore) -> None:
        await store.put(RECORD)
        assert await store.mark_skip("a-stream", 0, 7, settled=False)
        assert await store.get("a-stream") == msgspec.structs.replace(RECORD, skip_at=7)
        assert await store.mark_skip("a-stream", 0, 7, settled=True)
        assert await store.get("a-stream") == msgspec.structs.replace(RECORD, skip_at=7, skip_settled=True)
        await store.acquire("a-stream", 0, MINE)
        assert not await store.mark_skip("a-stream", 0, 9, settled=True)
        assert await store.mark_skip("a-stream", 1, 8, settled=True)
        assert await store.get("a-stream") == msgspec.structs.replace(RECORD, epoch=1, skip_at=8, skip_settled=True)

    async def test_a_skip_that_is_marked_anew_is_not_settled(self, store: SessionStore) -> None:
        await store.put(RICH_RECORD)
        await store.mark_skip("another-stream", 3, 9, settled=False)
        assert await store.get("another-stream") == msgspec.structs.replace(RICH_RECORD, skip_at=9, skip_settled=False)

    async def test_notes_are_stored_in_order(self, store: SessionStore) -> None:
        await store.put(RECORD)
        for change in (StreamStatus.PAUSED, StreamStatus.RESUMED, StreamStatus.PAUSED, StreamStatus.ENDED):
            store.update_status("a-stream", 0, change)
        await self.eventually(store, lambda found: found is not None and found.counted)
        assert await store.get("a-stream") == msgspec.structs.replace(RECORD, paused=True, counted=True)

    async def test_a_note_of_another_epoch_changes_nothing(self, store: SessionStore) -> None:
        await store.put(RECORD)
        await store.acquire("a-stream", 0, MINE)
        for change in StreamStatus:
            store.update_status("a-stream", 0, change)
        store.update_status("a-stream", 1, StreamStatus.PAUSED)
        await self.eventually(store, lambda found: found is not None and found.paused)
        assert await store.get("a-stream") == msgspec.structs.replace(RECORD, epoch=1, paused=True)

    async def test_a_stream_that_was_acknowledged_is_gone(self, store: SessionStore) -> None:
        await store.put(RECORD)
        store.update_status("a-stream", 0, StreamStatus.ACKNOWLEDGED)
        await self.eventually(store, lambda found: found is None)
        assert not await store.acquire("a-stream", 0, MINE)
        await self.vanishes(RECORD.plan)

    async def test_who_holds_a_stream_learns_that_it_was_taken(self, store: SessionStore) -> None:
        await store.put(RECORD)
        await store.put(RICH_RECORD)
        held = {"a-stream": 0, "another-stream": 3, "gone": 0}
        assert await store.renew_leases(held) == frozenset()
        await store.acquire("a-stream", 0, THEIRS)
        assert await store.renew_leases(held) == {"a-stream"}
        assert await store.renew_leases(held | {"a-stream": 1}) == frozenset()
        assert await store.renew_leases({}) == frozenset()

    # Times to live

    async def test_a_stream_that_nobody_holds_lives_for_a_quarter_more_than_its_time(self, store: SessionStore) -> None:
        await store.put(RECORD)
        await self.pass_ttl(1.1)
        assert await store.get("a-stream") == RECORD
        await self.pass_ttl(0.2)
        assert await store.get("a-stream") is None
        assert not await store.acquire("a-stream", 0, MINE)
        assert not await store.mark_skip("a-stream", 0, 1, settled=True)
        assert await store.renew_leases({"a-stream": 0}) == frozenset()

    async def test_a_stream_that_is_held_keeps_all_of_its_time(self, store: SessionStore) -> None:
        await store.put(RECORD)
        for _ in range(4):
            await self.pass_ttl(0.4)
            await store.renew_leases({"a-stream": 0})
        await self.pass_ttl(0.95)
        assert await store.get("a-stream") == RECORD
        await self.pass_ttl(0.35)
        assert await store.get("a-stream") is None

    async def test_a_stream_that_has_all_of_its_time_is_not_written_again(self, store: SessionStore) -> None:
        await store.put(RECORD)
        await self.pass_ttl(0.15)
        await store.renew_leases({"a-stream": 0})
        await self.pass_ttl(1.15)
        assert await store.get("a-stream") is None

    async def test_a_stream_is_not_kept_alive_by_who_has_lost_it(self, store: SessionStore) -> None:
        await store.put(RECORD)
        await store.acquire("a-stream", 0, THEIRS)
        await self.pass_ttl(0.7)
        await store.renew_leases({"a-stream": 0})
        await self.pass_ttl(0.6)
        assert await store.get("a-stream") is None
        assert await store.renew_leases({"a-stream": 0}) == frozenset()

    async def test_a_stream_that_is_taken_lives_anew(self, store: SessionStore) -> None:
        await store.put(RECORD)
        await self.pass_ttl(0.7)
        await store.acquire("a-stream", 0, THEIRS)
        await self.pass_ttl(1.1)
        assert await store.get("a-stream") is not None
        await self.pass_ttl(0.2)
        assert await store.get("a-stream") is None

    async def test_a_stream_that_has_ended_lives_for_its_time(self, store: SessionStore) -> None:
        await store.put(RECORD)
        await self.pass_ttl(0.7)
        store.update_status("a-stream", 0, StreamStatus.ENDED)
        await self.eventually(store, lambda found: found is not None and found.counted)
        await self.pass_ttl(0.9)
        assert await store.get("a-stream") is not None
        await self.pass_ttl(0.15)
        assert await store.get("a-stream") is None

    async def test_content_is_gone_when_its_time_is_over_though_nobody_asks(self, store: SessionStore) -> None:
        await store.put(RECORD)
        assert await self.holds(RECORD.plan)
        await self.pass_ttl(1.3)
        await self.vanishes(RECORD.plan)

    # What the tests ask in

    async def eventually(self, store: SessionStore, look: Callable[[StreamRecord | None], bool]) -> None:
        """Return when the record of ``a-stream`` is as it should be: a note is stored soon, not at once."""

        async def is_so() -> bool:
            return look(await store.get("a-stream"))

        await eventually(is_so)

    async def vanishes(self, content: bytes) -> None:
        """Return when the store has these bytes no more."""

        async def is_gone() -> bool:
            return not await self.holds(content)

        await eventually(is_gone)


class SharedStoreContract(SessionStoreContract):
    """A store of several processes: each ``make`` within a test gives another one over the same place."""

    @pytest.fixture
    async def other(self) -> AsyncIterator[SessionStore]:
        other = self.make()
        yield other
        await other.close()

    async def test_a_session_is_joined_from_anywhere(self, store: SessionStore, other: SessionStore) -> None:
        first = await store.open("s")
        await store.admit(first, "a-stream", claim())
        again = await other.open("s")
        assert (again.incarnation, again.requests_used) == (first.incarnation, 1)
        repeated = await other.admit(again, "b-stream", claim(owner=THEIRS, presented=MINE))
        assert repeated.repeats == "a-stream"

    async def test_a_session_that_two_begin_at_once_is_one(self, store: SessionStore, other: SessionStore) -> None:
        leases = await asyncio.gather(*(one.open("s") for one in (store, other) * 10))
        assert len({snapshot.incarnation for snapshot in leases}) == 1

    async def test_the_limit_is_exact_across_stores(self, store: SessionStore, other: SessionStore) -> None:
        snapshot = await store.open("s")
        admissions = await asyncio.gather(*(one.admit(snapshot, "a-stream", None) for one in (store, other) * 10))
        assert sorted(one.requests_used for one in admissions if one.admitted) == [1, 2, 3, 4, 5]

    async def test_a_stream_goes_on_elsewhere(self, store: SessionStore, other: SessionStore) -> None:
        await store.put(RECORD)
        assert await other.get("a-stream") == RECORD
        taken = await asyncio.gather(*(one.acquire("a-stream", 0, THEIRS) for one in (store, other) * 10))
        assert sum(taken) == 1
        assert await store.renew_leases({"a-stream": 0}) == await other.renew_leases({"a-stream": 0}) == {"a-stream"}
        assert not await store.mark_skip("a-stream", 0, 7, settled=True)

    async def test_what_was_noted_is_stored_when_the_store_is_closed(
        self, store: SessionStore, other: SessionStore
    ) -> None:
        await other.put(RECORD)
        noting = self.make()
        noting.update_status("a-stream", 0, StreamStatus.PAUSED)
        await noting.close()
        assert await store.get("a-stream") == msgspec.structs.replace(RECORD, paused=True)

"""The tests that every store of live streams must pass. All of them run with a clock that the test moves."""

import asyncio
import random
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from hashlib import sha256
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from service.events import OPERATIONS, Dependency, Operation
from service.live.append_rule import Refusal
from service.live.lease import LEASE_SECONDS, adoptable_seconds
from service.live.ports import Appended, LiveStore, Refused
from service.live.records import Append, LiveStatus
from service.session.ports import StoreUnavailable
from service.stores.store_limits import LiveLimits
from tests.contract.live.history import History, Steps, histories
from tests.contract.live.samples import BEGIN, RECORD, RESUME_TTL, SECOND

MAX_LENGTH = 4000
ID = RECORD.stream_id


def append(offset: int, data: bytes, ends: LiveStatus | None = None, *, epoch: int = 0, to: str = ID) -> Append:
    return Append(to, epoch, offset, data, ends)


class LiveStoreContract(ABC):
    """A subclass for a back end defines the abstract methods."""

    now: int
    """In milliseconds since the epoch."""
    limits = LiveLimits(max_length=MAX_LENGTH)

    @pytest.fixture
    def back_end(self) -> None:
        """Prepare the back end before its clock is set."""
        return

    @pytest.fixture(autouse=True)
    def _begin(self, back_end: None) -> None:
        self.measured: list[Operation] = []
        self.move_to(BEGIN)

    @abstractmethod
    def make(self) -> LiveStore:
        """Create a store, which measures its calls with ``measure``; it is empty at the beginning of a test."""

    @contextmanager
    def measure(self, operation: Operation) -> Iterator[None]:
        self.measured.append(operation)
        yield

    def move_to(self, milliseconds: int) -> None:
        """Set the clock of the store."""
        self.now = milliseconds

    def wait(self, seconds: float) -> None:
        self.move_to(self.now + round(seconds * SECOND))

    @pytest.fixture
    async def store(self) -> AsyncIterator[LiveStore]:
        store = self.make()
        yield store
        await store.close()

    # Histories

    def test_a_history_is_that_of_the_rules(self) -> None:
        numbers = count()

        @given(histories, st.integers(0, 2**32))
        def compare(history: Steps, seed: int) -> None:
            self.move_to(BEGIN)
            asyncio.run(self._compare(history, f"-{next(numbers)}", random.Random(seed)))

        compare()

    def makers(self) -> list[LiveStore]:
        """The stores of a history, of which each call uses any one."""
        return [self.make()]

    async def _compare(self, steps: Steps, suffix: str, chance: random.Random) -> None:
        history = History(self.makers(), MAX_LENGTH, suffix, chance)
        for operation, argument in steps:
            if operation == "pass":
                assert isinstance(argument, int)
                self.move_to(self.now + argument)
            else:
                await history.call(self.now, operation, argument)
            await history.compare(self.now)
        await history.close()

    # Streams

    async def test_a_stream_is_returned_as_it_was_created(self, store: LiveStore) -> None:
        plain = replace(RECORD, stream_id="plain", request_id=None, creation_key=None, session_key="another")
        for record in (RECORD, plain):
            assert await store.create(record) == record
            assert await store.get(record.stream_id) == record
            assert list(await store.open_streams(record.session_key)) == [record]
        assert await store.get("unknown") is None
        assert await store.read("unknown", 0) == b""
        assert list(await store.open_streams("unknown")) == []
        assert await store.adopt("unknown") is None
        assert await store.cancel("unknown") is None
        assert list(await store.append([append(0, b"a", to="unknown")])) == [Refused(Refusal.UNKNOWN, 0)]

    async def test_a_repeated_creation_is_the_same_stream(self, store: LiveStore) -> None:
        assert await store.create(RECORD) == RECORD
        await store.append([append(0, b"abc")])
        again = await store.create(replace(RECORD, stream_id="again"))
        assert again == replace(RECORD, length=3)
        for other in (
            replace(RECORD, stream_id="other-session", session_key="other"),
            replace(RECORD, stream_id="other-key", creation_key=b"other"),
            replace(RECORD, stream_id="without-1", creation_key=None),
            replace(RECORD, stream_id="without-2", creation_key=None),
        ):
            assert await store.create(other) == other
        opened = [one.stream_id for one in await store.open_streams(RECORD.session_key)]
        assert opened == [ID, "other-key", "without-1", "without-2"], "the oldest first"
        await store.cancel(ID)
        cancelled = await store.create(RECORD)
        assert (cancelled.stream_id, cancelled.status) == (ID, LiveStatus.CANCELLED)
        self.wait(RESUME_TTL)
        assert (await store.create(replace(RECORD, stream_id="new"))).stream_id == "new"

    async def test_concurrent_creations_with_one_key_make_one_stream(self, store: LiveStore) -> None:
        created = await asyncio.gather(*(store.create(replace(RECORD, stream_id=f"{n}")) for n in range(20)))
        assert len({one.stream_id for one in created}) == 1

    async def test_a_source_of_many_small_appends_is_read_from_everywhere(self, store: LiveStore) -> None:
        source = bytes(range(256)) * 15
        await store.create(RECORD)
        chance, offset = random.Random(1), 0
        while offset < len(source):
            batch = []
            for size in chance.choices((1, 2, 3, 7, 130, 500), weights=(50, 50, 50, 20, 2, 1), k=5):
                batch.append(append(offset, source[offset : offset + size]))
                offset = min(offset + size, len(source))
            assert all(isinstance(one, Appended) for one in await store.append(batch))
        for start in (0, 1, 127, 128, 129, 1000, len(source) - 1, len(source), len(source) + 1):
            assert await store.read(ID, start) == source[start:]

    async def test_appends_of_one_call_are_stored_in_order_and_refused_one_by_one(self, store: LiveStore) -> None:
        await store.create(RECORD)
        await store.create(replace(RECORD, stream_id="b", creation_key=None))
        complete = LiveStatus.COMPLETE
        results = await store.append(
            [
                append(0, b"ab"),
                append(0, b"xyz", to="b"),
                append(3, b"d"),
                append(1, b"bc"),
                append(1, b"x"),
                append(0, b"q", to="c"),
                append(0, b"q", epoch=1),
                append(3, b"d", complete),
                append(4, b"e"),
                append(2, b"cd", complete),
            ]
        )
        assert list(results) == [
            Appended(2, b"ab", LiveStatus.OPEN),
            Appended(3, b"xyz", LiveStatus.OPEN),
            Refused(Refusal.GAP, 2),
            Appended(3, b"c", LiveStatus.OPEN),
            Refused(Refusal.MISMATCH, 3),
            Refused(Refusal.UNKNOWN, 0),
            Refused(Refusal.FENCED, 3),
            Appended(4, b"d", complete),
            Refused(Refusal.ENDED, 4, complete),
            Appended(4, b"", complete, repeated=True),
        ]
        assert [await store.read(one, 0) for one in (ID, "b")] == [b"abcd", b"xyz"]

    async def test_the_digest_is_that_of_the_whole_source(self, store: LiveStore) -> None:
        source = random.Random(2).randbytes(MAX_LENGTH)
        digest = sha256(source).digest()
        await store.create(RECORD)
        half = len(source) // 2
        wrong, right = (Append(ID, 0, half, source[half:], LiveStatus.COMPLETE, one) for one in (b"\0" * 32, digest))
        results = await store.append([append(0, source[:half]), wrong])
        assert list(results) == [
            Appended(half, source[:half], LiveStatus.OPEN),
            Refused(Refusal.MISMATCH, half),
        ]
        assert await store.read(ID, 0) == source[:half]
        for new, repeated in ((source[half:], False), (b"", True)):
            expected = Appended(len(source), new, LiveStatus.COMPLETE, repeated)
            assert list(await store.append([right])) == [expected]

    async def test_a_source_has_a_maximum_size(self, store: LiveStore) -> None:
        await store.create(RECORD)
        results = await store.append(
            [append(0, b"a" * MAX_LENGTH), append(MAX_LENGTH, b"b"), append(MAX_LENGTH, b"", LiveStatus.COMPLETE)]
        )
        assert list(results)[1:] == [
            Refused(Refusal.TOO_LARGE, MAX_LENGTH),
            Appended(MAX_LENGTH, b"", LiveStatus.COMPLETE),
        ]

    # Producers

    async def test_a_producer_that_was_replaced_changes_nothing(self, store: LiveStore) -> None:
        await store.create(RECORD)
        await store.append([append(0, b"abc")])
        adopted = await store.adopt(ID)
        assert adopted == replace(RECORD, epoch=1, length=3)
        self.wait(LEASE_SECONDS - 1)
        await store.append([append(0, b"")])
        assert (
            list(await store.append([append(3, b"d"), append(3, b"", LiveStatus.COMPLETE)]))
            == [Refused(Refusal.FENCED, 3)] * 2
        )
        assert await store.get(ID) == replace(adopted, silent_seconds=LEASE_SECONDS - 1)
        assert list(await store.append([append(3, b"D", epoch=1)])) == [Appended(4, b"D", LiveStatus.OPEN)]

    async def test_every_sign_of_the_producer_renews_the_lease(self, store: LiveStore) -> None:
        await store.create(RECORD)
        for sign in (
            store.append([append(0, b"a")]),
            store.append([append(1, b"")]),
            store.append([append(0, b"a")]),
            store.append([append(0, b"")]),
            store.adopt(ID),
            store.append([append(1, b"", epoch=1)]),
        ):
            self.wait(LEASE_SECONDS - 1)
            assert (await store.expire()).lost == []
            await sign
            record = await store.get(ID)
            assert record is not None
            assert record.silent_seconds == 0

    async def test_a_loss_is_returned_once_and_again_after_the_producer_was_heard_of(self, store: LiveStore) -> None:
        await store.create(RECORD)
        for sign in (None, store.append([append(0, b"a")]), store.append([append(0, b"")]), store.adopt(ID)):
            if sign is not None:
                await sign
            self.wait(LEASE_SECONDS - 0.001)
            assert (await store.expire()).lost == []
            self.wait(0.001)
            [lost] = (await store.expire()).lost
            assert (lost.stream_id, lost.status, lost.silent_seconds) == (ID, LiveStatus.OPEN, LEASE_SECONDS)
            assert (await store.expire()).lost == []

    async def test_open_streams_are_counted_by_the_silence_of_their_producers(self, store: LiveStore) -> None:
        for number, seconds in enumerate((5, LEASE_SECONDS - 5, 4.999, 0)):
            await store.create(replace(RECORD, stream_id=f"{number}", creation_key=None))
            await store.create(replace(RECORD, stream_id=f"ended-{number}", creation_key=None))
            await store.cancel(f"ended-{number}")
            self.wait(seconds)
        expiry = await store.expire()
        assert (expiry.open, expiry.stalled, expiry.interrupted) == (4, 1, 1)

    async def test_an_ended_stream_is_not_lost(self, store: LiveStore) -> None:
        await store.create(RECORD)
        await store.append([append(0, b"a", LiveStatus.COMPLETE)])
        await store.create(replace(RECORD, stream_id="b", creation_key=None))
        await store.cancel("b")
        self.wait(LEASE_SECONDS)
        assert (await store.expire()).lost == []

    @pytest.mark.parametrize("expires", [True, False])
    async def test_a_stream_that_no_producer_adopts_ends_as_an_error(self, store: LiveStore, expires: bool) -> None:
        await store.create(RECORD)
        await store.append([append(0, b"abc")])
        self.wait(adoptable_seconds(RESUME_TTL) - 0.001)
        assert len((await store.expire()).lost) == 1
        adopted = await store.adopt(ID)
        assert adopted is not None
        assert (adopted.status, adopted.epoch) == (LiveStatus.OPEN, 1)
        self.wait(adoptable_seconds(RESUME_TTL))
        if expires:
            expiry = await store.expire()
            assert [one.status for one in (*expiry.lost, *expiry.abandoned)] == [LiveStatus.ERROR] * 2
            assert (await store.expire()).abandoned == []
        for found in (await store.get(ID), await store.adopt(ID), await store.cancel(ID)):
            assert found is not None
            assert (found.status, found.epoch, found.length) == (LiveStatus.ERROR, 1, 3)
        assert list(await store.append([append(3, b"d", epoch=1)])) == [Refused(Refusal.ENDED, 3, LiveStatus.ERROR)]
        assert list(await store.open_streams(RECORD.session_key)) == []
        self.wait(RESUME_TTL - 0.001)
        assert await store.read(ID, 0) == b"abc"
        self.wait(0.001)
        assert await store.get(ID) is None
        assert await store.read(ID, 0) == b""

    async def test_an_end_is_final_and_kept_for_its_time(self, store: LiveStore) -> None:
        await store.create(RECORD)
        cancelled = await store.cancel(ID)
        assert cancelled == replace(RECORD, status=LiveStatus.CANCELLED)
        assert list(await store.open_streams(RECORD.session_key)) == []
        self.wait(RESUME_TTL - 0.001)
        assert [one and one.status for one in (await store.cancel(ID), await store.adopt(ID))] == [
            LiveStatus.CANCELLED
        ] * 2
        assert list(await store.append([append(0, b"a")])) == [Refused(Refusal.ENDED, 0, LiveStatus.CANCELLED)]
        self.wait(0.001)
        assert await store.get(ID) is None
        assert list(await store.append([append(0, b"a")])) == [Refused(Refusal.UNKNOWN, 0)]

    # Limits and calls

    async def test_a_full_store_takes_nothing_until_something_was_deleted(self) -> None:
        self.limits = LiveLimits(max_length=2**20, max_bytes=400_000)
        store = self.make()
        await store.create(RECORD)
        offset, results = 0, []
        while offset < 500_000:
            results = list(await store.append([append(offset, bytes(10_000))]))
            if not isinstance(results[0], Appended):
                break
            offset += 10_000
        assert results == [Refused(Refusal.FULL, offset)]
        assert 200_000 < offset < 400_000
        left = 400_000 - offset
        while left := left // 2:
            if isinstance((await store.append([append(offset, bytes(left))]))[0], Appended):
                offset += left
        await self.fill(store)
        with pytest.raises(StoreUnavailable, match="full"):
            await store.create(replace(RECORD, stream_id="b", creation_key=None))
        assert list(await store.append([append(offset, b"", LiveStatus.COMPLETE)])) == [
            Appended(offset, b"", LiveStatus.COMPLETE)
        ]
        self.wait(RESUME_TTL)
        await self.expire(store)
        assert (await store.create(replace(RECORD, stream_id="c"))).stream_id == "c"
        assert isinstance((await store.append([append(0, bytes(200_000), to="c")]))[0], Appended)
        await store.close()

    async def fill(self, store: LiveStore) -> None:
        """Create streams until one is refused."""
        for number in range(1000):
            try:
                await store.create(replace(RECORD, stream_id=f"full-{number}", creation_key=None))
            except StoreUnavailable:
                return
        raise AssertionError("1000 streams fit")

    @abstractmethod
    async def expire(self, store: LiveStore) -> None:
        """Return when the store has deleted what has expired."""

    async def test_every_call_is_measured(self, store: LiveStore) -> None:
        await store.create(RECORD)
        await store.append([append(0, b"a")])
        await store.adopt(ID)
        await store.cancel(ID)
        await store.get(ID)
        await store.read(ID, 0)
        await store.open_streams(RECORD.session_key)
        await store.expire()
        assert tuple(dict.fromkeys(self.measured)) == OPERATIONS[Dependency.LIVE_STORE]

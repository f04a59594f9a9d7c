"""The tests that every store of live streams must pass. All of them run with a clock that the test moves."""

import asyncio
import random
from abc import abstractmethod
from hashlib import sha256
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from service.events import OPERATIONS, Dependency
from service.live.append_rule import Refusal
from service.live.ports import Appended, LiveStore, Refused
from service.live.records import Append, LiveStatus
from service.session.ports import StoreUnavailable
from service.stores.store_limits import LiveLimits
from tests.contract.live.history import History, Steps, histories
from tests.contract.live.producer_tests import ProducerTests
from tests.contract.live.samples import BEGIN, RECORD, RESUME_TTL
from tests.contract.live.store_tests import ID, MAX_LENGTH, append


class LiveStoreContract(ProducerTests):
    """A subclass for a back end defines the abstract methods."""

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

"""Producers that are replaced, silent, lost or done."""

import asyncio

import pytest
from msgspec.structs import replace

from service.live.append_rule import Refusal
from service.live.lease import LEASE_SECONDS, adoptable_seconds
from service.live.ports import Appended, LiveStore, Refused
from service.live.records import LiveStatus
from tests.contract.live.samples import RECORD, RESUME_TTL
from tests.contract.live.store_tests import ID, LiveStoreTests, append


class ProducerTests(LiveStoreTests):
    """Leases, epochs and ends."""

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
        assert await store.cancel(ID) is None
        for found in (await store.get(ID), await store.adopt(ID)):
            assert found is not None
            assert (found.status, found.epoch, found.length) == (LiveStatus.ERROR, 1, 3)
        assert list(await store.append([append(3, b"d", epoch=1)])) == [Refused(Refusal.ENDED, 3, LiveStatus.ERROR)]
        assert list(await store.open_streams(RECORD.session_key)) == []
        self.wait(RESUME_TTL - 0.001)
        assert await store.read(ID, 0) == b"abc"
        self.wait(0.001)
        assert await store.get(ID) is None
        assert await store.read(ID, 0) == b""

    async def test_of_several_cancellations_one_ends_the_stream(self, store: LiveStore) -> None:
        """So it is counted once."""
        await store.create(RECORD)
        cancelled = await asyncio.gather(*(store.cancel(ID) for _ in range(20)))
        assert [one for one in cancelled if one is not None] == [replace(RECORD, status=LiveStatus.CANCELLED)]

    async def test_an_end_is_final_and_kept_for_its_time(self, store: LiveStore) -> None:
        await store.create(RECORD)
        cancelled = await store.cancel(ID)
        assert cancelled == replace(RECORD, status=LiveStatus.CANCELLED)
        assert list(await store.open_streams(RECORD.session_key)) == []
        self.wait(RESUME_TTL - 0.001)
        assert await store.cancel(ID) is None
        adopted = await store.adopt(ID)
        assert adopted is not None
        assert adopted.status is LiveStatus.CANCELLED
        assert list(await store.append([append(0, b"a")])) == [Refused(Refusal.ENDED, 0, LiveStatus.CANCELLED)]
        self.wait(0.001)
        assert await store.get(ID) is None
        assert list(await store.append([append(0, b"a")])) == [Refused(Refusal.UNKNOWN, 0)]

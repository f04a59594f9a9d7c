"""A feed: what its readers see of what is stored, whatever is lost on the way."""

import asyncio

from service.live.ports import SourceStored
from service.live.records import LiveState, LiveStatus
from service.protocol.messages import ContentType
from service.publishing.conversion import MOST_ON_LOOP
from service.session.ports import StoreUnavailable
from tests.unit.publishing.feed_parts import Bench
from tests.unit.publishing.notices import stored
from tests.virtual_time import run_virtually


def test_readers_see_what_is_stored_as_it_comes() -> None:
    async def main() -> None:
        bench = Bench()
        await bench.create(source=b"Before. ")
        reader, other = await bench.reader(), await bench.reader()
        assert reader.kept == other.kept == "Before. "
        assert reader.woken == 0
        for token in (b"One ", b"two ", "zw\u00f6lf ".encode()):
            await bench.produce(token)
        assert reader.kept == other.kept == "Before. One two zw\u00f6lf "
        assert reader.woken == other.woken == 3
        assert reader.state() is LiveState.OPEN
        await bench.produce(b"end", LiveStatus.COMPLETE)
        assert reader.kept == other.kept == "Before. One two zw\u00f6lf end"
        assert reader.last() is LiveState.COMPLETE
        assert reader.reading.cursor.ended

    run_virtually(main())


def test_notices_that_come_together_wake_a_reader_once() -> None:
    async def main() -> None:
        bench = Bench()
        await bench.create()
        reader = await bench.reader()
        for token in (b"One ", b"two ", b"three "):
            bench.feeds.notice(await bench.store.produce(token))
        assert reader.woken == 0
        await asyncio.sleep(0)
        assert reader.kept == "One two three "
        assert reader.woken == 1

    run_virtually(main())


def test_a_character_may_be_split_between_appends() -> None:
    async def main() -> None:
        bench = Bench()
        await bench.create()
        reader = await bench.reader()
        for byte in "a\U0001f600b".encode():
            await bench.produce(bytes([byte]))
        await bench.produce(b"", LiveStatus.COMPLETE)
        assert reader.kept == "a\U0001f600b"

    run_virtually(main())


def test_repeated_and_overlapping_notices_add_nothing() -> None:
    async def main() -> None:
        bench = Bench()
        await bench.create()
        reader = await bench.reader()
        await bench.produce(b"One ")
        await bench.produce(b"two ")
        for notice in (stored(0, b"One "), stored(2, b"e two "), stored(3, b" ")):
            bench.feeds.notice(notice)
            await asyncio.sleep(0)
        assert reader.kept == "One two "

    run_virtually(main())


def test_a_lost_notice_is_made_good_at_the_next_one() -> None:
    async def main() -> None:
        bench = Bench()
        await bench.create()
        reader = await bench.reader()
        await bench.store.produce(b"lost ")
        await bench.produce(b"seen ")
        await asyncio.sleep(0.01)
        assert reader.kept == "lost seen "

    run_virtually(main())


def test_a_lost_notice_is_made_good_within_a_second_of_silence() -> None:
    async def main() -> None:
        bench = Bench()
        await bench.create()
        reader = await bench.reader()
        await bench.produce(b"seen ")
        await bench.store.produce(b"lost ")
        await asyncio.sleep(1.1)
        assert reader.kept == "seen lost "
        await bench.store.produce(b"and the end", LiveStatus.COMPLETE)
        await asyncio.sleep(1.1)
        assert reader.kept == "seen lost and the end"
        assert reader.state() is LiveState.COMPLETE

    run_virtually(main())


def test_an_end_whose_data_was_lost_comes_after_the_data() -> None:
    async def main() -> None:
        bench = Bench()
        await bench.create()
        reader = await bench.reader()
        await bench.store.produce(b"lost ")
        await bench.produce(b"end", LiveStatus.ERROR)
        await asyncio.sleep(0.01)
        assert reader.kept == "lost end"
        assert reader.state() is LiveState.ERROR
        assert LiveState.ERROR not in reader.states[:-1]

    run_virtually(main())


def test_a_notice_without_its_data_is_a_gap() -> None:
    async def main() -> None:
        bench = Bench()
        await bench.create()
        reader = await bench.reader()
        notice = await bench.store.produce(b"too much for a datagram", LiveStatus.COMPLETE)
        bench.feeds.notice(SourceStored("stream", 0, len(notice.data), b"", notice.status))
        await asyncio.sleep(0.01)
        assert reader.kept == "too much for a datagram"
        assert reader.state() is LiveState.COMPLETE

    run_virtually(main())


def test_a_silent_producer_stalls_is_lost_and_goes_on() -> None:
    async def main() -> None:
        bench = Bench()
        await bench.create()
        reader = await bench.reader()
        await bench.produce(b"Then ")
        await asyncio.sleep(4.99)
        assert reader.state() is LiveState.OPEN
        await asyncio.sleep(0.02)
        assert reader.last() is LiveState.STALLED
        await asyncio.sleep(10)
        assert reader.last() is LiveState.INTERRUPTED
        bench.feeds.notice(await bench.store.adopted())
        await asyncio.sleep(0)
        assert reader.last() is LiveState.OPEN
        assert reader.reading.epoch == 1

    run_virtually(main())


def test_a_producer_that_only_the_store_has_heard_of_is_not_silent() -> None:
    async def main() -> None:
        bench = Bench()
        await bench.create()
        reader = await bench.reader()
        for _ in range(30):
            await asyncio.sleep(1)
            bench.store.heard_at["stream"] = asyncio.get_running_loop().time()
        assert reader.states == []

    run_virtually(main())


def test_another_epoch_wakes_the_readers_although_the_state_is_the_same() -> None:
    async def main() -> None:
        bench = Bench()
        await bench.create()
        reader = await bench.reader()
        bench.feeds.notice(await bench.store.adopted())
        await asyncio.sleep(0)
        assert (reader.woken, reader.reading.epoch) == (1, 1)

    run_virtually(main())


def test_a_store_that_is_unavailable_delays_and_loses_nothing() -> None:
    async def main() -> None:
        bench = Bench()
        await bench.create()
        reader = await bench.reader()
        await bench.store.produce(b"lost ")
        bench.store.failure = StoreUnavailable()
        await asyncio.sleep(6)
        assert reader.states == [LiveState.STALLED]
        bench.store.failure = None
        await asyncio.sleep(1.1)
        assert reader.kept == "lost "

    run_virtually(main())


def test_what_is_held_back_is_shown_after_a_while() -> None:
    async def main() -> None:
        bench = Bench()
        await bench.create(ContentType.MARKDOWN)
        reader = await bench.reader()
        await bench.produce(b"Some ")
        await bench.produce(b"[words")
        before = reader.kept
        await asyncio.sleep(0.3)
        assert "words" not in before
        assert "words" in reader.kept
        measured = bench.meter.take()
        assert measured is not None
        assert sum(measured.held_back.counts) == 1

    run_virtually(main())


def test_long_parts_are_converted_elsewhere_and_in_order() -> None:
    async def main() -> None:
        bench = Bench()
        await bench.create()
        reader = await bench.reader()
        long = b"many words " * MOST_ON_LOOP
        await bench.produce(long)
        for token in (b"One ", b"two "):
            await bench.produce(token)
        await bench.produce(b"end", LiveStatus.COMPLETE)
        assert "One" not in reader.kept
        assert reader.state() is LiveState.OPEN
        await asyncio.sleep(1)
        assert reader.kept == long.decode() + "One two end"
        assert reader.state() is LiveState.COMPLETE
        assert bench.thread.works > 10

    run_virtually(main())

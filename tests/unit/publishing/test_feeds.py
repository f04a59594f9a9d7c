"""Feeds of live streams: their source, their time, their readers."""

import asyncio

import pytest

from service.content.live.document import Change
from service.content.live.text import TextDocument
from service.events import FaultRaised
from service.live.ports import StreamCreated
from service.live.records import LiveState, LiveStatus
from service.protocol.errors import PreparedTooLarge, ProcessingFailed
from service.protocol.messages import ContentType, HtmlMode
from service.publishing.conversion import MOST_ON_LOOP
from service.publishing.feeds import KEPT_SECONDS
from service.session.ports import StoreUnavailable
from tests.unit.publishing.feed_parts import Bench, Reader, target
from tests.unit.publishing.notices import a_record
from tests.virtual_time import run_virtually


class _Failing(TextDocument):
    """Fails at an exclamation mark."""

    error: Exception = PreparedTooLarge("Too large.")

    def append(self, source: str) -> Change:
        if "!" in source:
            raise self.error
        return super().append(source)


def test_a_late_reader_of_a_long_source_has_all_that_is_settled_at_once() -> None:
    async def main() -> None:
        bench = Bench()
        source = b"many words " * MOST_ON_LOOP
        await bench.create(source=source)
        first, second = await asyncio.gather(bench.reader(), bench.reader())
        assert first.kept == second.kept == source.decode()
        assert bench.store.reads == 1

    run_virtually(main())


def test_a_reader_comes_back_where_it_was() -> None:
    async def main() -> None:
        bench = Bench()
        await bench.create(source=b"One two ")
        reader = await bench.reader(settled=4)
        assert reader.reading.start == 4
        assert reader.kept == "two "

    run_virtually(main())


def test_a_reader_that_has_more_than_this_process_waits_for_the_store() -> None:
    async def main() -> None:
        bench = Bench()
        await bench.create(source=b"One ")
        await bench.reader()
        await bench.store.produce(b"two three ")
        reader = await bench.reader(settled=8)
        assert reader.reading.start == 8
        assert reader.kept == "three "

    run_virtually(main())


def test_a_reader_that_has_more_than_there_is_begins_at_what_is_settled() -> None:
    async def main() -> None:
        bench = Bench()
        await bench.create(source=b"One ")
        reader = await bench.reader(settled=1000)
        assert reader.reading.start == 4

    run_virtually(main())


def test_unknown_and_foreign_streams_are_not_found() -> None:
    async def main() -> None:
        bench = Bench()
        await bench.create(source=b"secret")
        assert await bench.feeds.attach(target(stream_id="other"), lambda: None) is None
        assert await bench.feeds.attach(target(session_key="other"), lambda: None) is None
        assert len(bench.feeds) == 0
        await bench.reader()
        assert await bench.feeds.attach(target(session_key="other"), lambda: None) is None
        assert bench.feeds.readers("stream") == 1

    run_virtually(main())


def test_an_ended_stream_can_be_read() -> None:
    async def main() -> None:
        bench = Bench()
        await bench.create()
        await bench.store.produce(b"all of it", LiveStatus.COMPLETE)
        reader = await bench.reader()
        assert reader.kept == "all of it"
        assert reader.state() is LiveState.COMPLETE
        assert reader.reading.cursor.ended

    run_virtually(main())


def test_a_stream_that_the_store_no_longer_has_ends() -> None:
    async def main() -> None:
        bench = Bench()
        await bench.create(source=b"gone ")
        reader = await bench.reader()
        del bench.store.records["stream"]
        await asyncio.sleep(1.1)
        assert reader.states == [LiveState.ERROR]

    run_virtually(main())


def test_a_feed_is_closed_a_while_after_its_last_reader() -> None:
    async def main() -> None:
        bench = Bench()
        await bench.create(source=b"One ")
        first, second = await bench.reader(), await bench.reader()
        bench.feeds.detach(first.reading)
        bench.feeds.detach(first.reading)
        await asyncio.sleep(2 * KEPT_SECONDS)
        assert bench.followed == ["stream"]
        bench.feeds.detach(second.reading)
        await asyncio.sleep(KEPT_SECONDS / 2)
        third = await bench.reader()
        await asyncio.sleep(KEPT_SECONDS)
        assert len(bench.feeds) == 1
        bench.feeds.detach(third.reading)
        await asyncio.sleep(KEPT_SECONDS + 0.1)
        assert len(bench.feeds) == 0
        assert bench.followed == []
        gets = bench.store.gets
        await asyncio.sleep(KEPT_SECONDS)
        assert bench.store.gets == gets

    run_virtually(main())


def test_a_reader_that_could_not_attach_leaves_nothing() -> None:
    async def main() -> None:
        bench = Bench()
        await bench.create()
        attaching = asyncio.create_task(bench.feeds.attach(target(), lambda: None))
        await asyncio.sleep(0)
        assert len(bench.feeds) == 1
        bench.store.failure = StoreUnavailable()
        [result] = await asyncio.gather(attaching, return_exceptions=True)
        assert isinstance(result, StoreUnavailable)
        bench.store.failure = None
        await asyncio.sleep(KEPT_SECONDS + 0.1)
        assert len(bench.feeds) == 0
        await bench.reader()

    run_virtually(main())


def test_a_cancelled_stream_ends_for_all_readers() -> None:
    async def main() -> None:
        bench = Bench()
        await bench.create(source=b"One ")
        reader = await bench.reader()
        assert await bench.feeds.open_streams("session") == ["stream"]
        await bench.feeds.cancel("stream")
        await asyncio.sleep(0)
        assert reader.states == [LiveState.CANCELLED]
        assert await bench.feeds.open_streams("session") == []

    run_virtually(main())


def test_created_streams_are_passed_on() -> None:
    async def main() -> None:
        bench = Bench()
        bench.feeds.notice(StreamCreated(a_record()))
        assert bench.created == [a_record()]

    run_virtually(main())


def test_a_document_that_cannot_go_on_ends_the_stream_for_its_readers() -> None:
    async def main() -> None:
        bench = Bench(lambda _type: _Failing())
        await bench.create(source=b"Good. ")
        reader = await bench.reader()
        await bench.produce(b"Bad!")
        await bench.produce(b"More.")
        assert reader.kept == "Good. "
        assert reader.states == [LiveState.ERROR]
        assert reader.reading.cursor.ended
        assert bench.events == []

    run_virtually(main())


@pytest.mark.parametrize("content_type", ContentType)
@pytest.mark.parametrize("ends", [LiveStatus.COMPLETE, LiveStatus.CANCELLED, LiveStatus.ERROR])
def test_a_stream_of_nothing_ends_as_its_producer_has_ended_it(content_type: ContentType, ends: LiveStatus) -> None:
    async def main() -> None:
        bench = Bench()
        await bench.create(content_type)
        reader = await bench.reader(html_mode=HtmlMode.FRAGMENT)
        await bench.produce(b"", ends)
        assert reader.states == [LiveState(ends.value)]
        assert reader.kept == ""
        assert reader.reading.cursor.ended

    run_virtually(main())


@pytest.mark.parametrize("html_mode", HtmlMode)
def test_html_of_tags_alone_ends_with_its_end_tags(html_mode: HtmlMode) -> None:
    async def main() -> None:
        bench = Bench()
        await bench.create(ContentType.HTML)
        reader = await bench.reader(html_mode=html_mode)
        await bench.produce(b"<b><p><p>")
        await bench.produce(b"", LiveStatus.COMPLETE)
        assert reader.last() is LiveState.COMPLETE
        assert reader.kept == "<b><p></p></b>"
        assert reader.reading.cursor.ended

    run_virtually(main())


def test_a_fault_of_a_document_is_recorded_and_ends_only_its_stream() -> None:
    async def main() -> None:
        failing = _Failing()
        failing.error = ValueError("a bug")
        bench = Bench(lambda _type: failing)
        await bench.create(source=b"Good. ")
        reader = await bench.reader()
        await bench.produce(b"Bad!" * MOST_ON_LOOP)
        await asyncio.sleep(1)
        assert reader.states == [LiveState.ERROR]
        [fault] = bench.events
        assert isinstance(fault, FaultRaised)
        assert fault.exception is failing.error
        assert isinstance(reader.reading.error, ProcessingFailed)

    run_virtually(main())


def test_readers_of_blocks_are_woken_when_there_is_a_block() -> None:
    async def main() -> None:
        bench = Bench()
        await bench.create(ContentType.MARKDOWN)
        reader = await bench.reader(html_mode=HtmlMode.FRAGMENT)
        for token in (b"A ", b"long ", b"paragraph"):
            await bench.produce(token)
        assert reader.woken == 0
        await bench.produce(b"\n\nand another")
        await bench.produce(b"", LiveStatus.COMPLETE)
        assert reader.kept == "<p>A long paragraph</p><p>and another</p>"

    run_virtually(main())


def test_the_tokens_until_something_shows_are_counted() -> None:
    async def main() -> None:
        bench = Bench()
        await bench.create(ContentType.MARKDOWN)
        await bench.reader()
        for token in (b"*", b"*", b"Bold**", b" and so on"):
            await bench.produce(token)
        measured = bench.meter.take()
        assert measured is not None
        assert sum(measured.first_appends.counts) == 1

    run_virtually(main())


def test_a_reader_that_detaches_when_it_is_woken_does_not_disturb_others() -> None:
    async def main() -> None:
        bench = Bench()
        await bench.create()
        leaving = Reader()
        leaving.attached(await bench.feeds.attach(target(), lambda: bench.feeds.detach(leaving.reading)))
        staying = await bench.reader()
        await bench.produce(b"One ")
        assert staying.kept == "One "
        assert bench.feeds.readers("stream") == 1

    run_virtually(main())


def test_closed_feeds_wake_no_reader() -> None:
    async def main() -> None:
        bench = Bench()
        await bench.create()
        reader = await bench.reader()
        bench.feeds.notice(await bench.store.produce(b"One "))
        bench.feeds.close()
        bench.feeds.detach(reader.reading)
        await asyncio.sleep(KEPT_SECONDS)
        assert reader.woken == 0
        assert bench.followed == []

    run_virtually(main())

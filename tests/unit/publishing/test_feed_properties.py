"""Notices in any order, lost and repeated: readers see the source, whatever happens."""

import asyncio
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from service.live.ports import LiveNotice
from service.live.records import LiveState, LiveStatus
from service.protocol.messages import ContentType, HtmlMode
from service.publishing.feeds import KEPT_SECONDS
from tests.unit.publishing.feed_parts import Bench, Reader, first_units
from tests.virtual_time import run_virtually

_WORDS = st.sampled_from(["word ", "*some* ", "\n\n", "- one\n", "`code` ", "\U0001f600", "[link](/x) ", "<b>", "> "])
_ENDS = st.sampled_from([LiveStatus.COMPLETE, LiveStatus.ERROR, LiveStatus.CANCELLED])


async def _shuffled(bench: Bench, notices: Sequence[LiveNotice], data: st.DataObject) -> None:
    """Pass some of the notices on, perhaps more than once, in any order."""
    for index in data.draw(st.lists(st.integers(0, len(notices) - 1), max_size=len(notices) + 3)):
        bench.feeds.notice(notices[index])
        await asyncio.sleep(data.draw(st.sampled_from([0, 0, 0.01, 0.3])))


async def _run(bench: Bench, content_type: ContentType, data: st.DataObject) -> list[Reader]:
    await bench.create(content_type)
    source = "".join(data.draw(st.lists(_WORDS, min_size=1, max_size=20))).encode()
    modes = st.sampled_from(list(HtmlMode))
    readers = [await bench.reader(html_mode=data.draw(modes))]
    notices: list[LiveNotice] = []
    start = 0
    while start < len(source):
        end = data.draw(st.integers(start + 1, len(source)))
        notices.append(await bench.store.produce(source[start:end]))
        start = end
        if data.draw(st.booleans()):
            await _shuffled(bench, notices, data)
        if data.draw(st.booleans()):
            readers.append(await bench.reader(html_mode=data.draw(modes)))
        if data.draw(st.booleans()):  # it comes back with what is settled
            late = await bench.reader(settled=readers[0].settled, html_mode=HtmlMode.INCREMENTAL)
            assert late.reading.start == readers[0].settled
            late.kept = first_units(readers[0].kept, readers[0].settled) + late.kept
            readers.append(late)
    notices.append(await bench.store.produce(b"", data.draw(_ENDS)))
    await _shuffled(bench, notices, data)
    return readers


@given(st.sampled_from(list(ContentType)), st.data())
def test_all_readers_have_the_same_at_the_end(content_type: ContentType, data: st.DataObject) -> None:
    async def main() -> None:
        bench = Bench()
        readers = await _run(bench, content_type, data)
        await asyncio.sleep(2)  # what was lost is read
        status = bench.store.records["stream"].status
        fresh = await bench.reader(html_mode=HtmlMode.FRAGMENT)
        assert {reader.state() for reader in (*readers, fresh)} == {LiveState(status.value)}
        assert all(reader.reading.cursor.ended for reader in (*readers, fresh))
        assert {reader.kept for reader in readers} == {fresh.kept}
        if content_type is ContentType.TEXT:
            assert fresh.kept == bench.store.sources["stream"].decode()
        for reader in (*readers, fresh):
            bench.feeds.detach(reader.reading)
        await asyncio.sleep(KEPT_SECONDS + 1)
        assert len(bench.feeds) == 0
        assert bench.events == []

    run_virtually(main())

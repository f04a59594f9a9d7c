"""The order of what is converted on the loop and in the thread."""

import asyncio

from service.content.live.document import Change, LiveDocument
from service.content.live.live_content import LiveContent
from service.content.live.text import TextDocument
from service.protocol.messages import ChunkBy, HtmlMode
from service.publishing.conversion import MOST_ON_LOOP, SLOW_SECONDS, Conversion
from tests.unit.publishing.feed_parts import THREAD_SECONDS, SlowThread
from tests.virtual_time import VirtualLoop, run_virtually

_LONG = "many words " * MOST_ON_LOOP


class _Slow(TextDocument):
    """Takes long for each exclamation mark."""

    def append(self, source: str) -> Change:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        loop.stall(2 * SLOW_SECONDS * source.count("!"))
        return super().append(source)


class _Bench:
    def __init__(self, document: LiveDocument | None = None) -> None:
        self.thread = SlowThread()
        self.changes = 0
        content = LiveContent(is_text=True, max_chunk_characters=1000)
        self.conversion = Conversion(
            document or TextDocument(), content, self.thread, self._changed, lambda _seconds: None
        )

    def _changed(self) -> None:
        self.changes += 1

    def put(self, text: str, arrived_at: float | None = None) -> None:
        self.conversion.put(text, arrived_at)
        self.conversion.advance()

    async def text(self) -> str:
        cursor = await self.conversion.cursor(HtmlMode.FRAGMENT, ChunkBy.WORD, 0)
        assert cursor is not None
        pieces = []
        while (piece := cursor.take(1000, whole=True)) is not None:
            pieces.append(piece.data)
        return "".join(pieces)


def test_short_text_is_converted_at_once() -> None:
    async def main() -> None:
        bench = _Bench()
        bench.put("One ")
        assert (bench.conversion.converted, bench.changes, bench.thread.works) == (4, 1, 0)
        bench.conversion.advance()
        assert bench.changes == 1

    run_virtually(main())


def test_what_follows_on_slow_text_is_converted_in_the_thread_until_that_is_fast() -> None:
    async def main() -> None:
        bench = _Bench(_Slow())
        works = []
        for text in ("One ", "two! ", "three! ", "four ", "five "):
            bench.put(text)
            await bench.conversion.caught_up()
            works.append(bench.thread.works)
        assert works == [0, 0, 1, 2, 2]
        assert await bench.text() == "One two! three! four five "

    run_virtually(main())


def test_a_reader_that_comes_while_the_thread_works_waits_for_its_turn() -> None:
    async def main() -> None:
        bench = _Bench()
        bench.put("One ")
        bench.put(_LONG)
        await asyncio.sleep(THREAD_SECONDS / 2)
        text = await bench.text()
        assert text.startswith("One many words")
        assert len(text) < len(_LONG)
        bench.put("two")
        await bench.conversion.caught_up()
        assert await bench.text() == f"One {_LONG}two"

    run_virtually(main())


def test_a_reader_that_gives_up_leaves_the_document_to_the_thread() -> None:
    async def main() -> None:
        bench = _Bench()
        bench.put(_LONG)
        await bench.conversion.caught_up()
        asking = asyncio.create_task(bench.text())
        await asyncio.sleep(THREAD_SECONDS / 2)
        asking.cancel()
        await asyncio.sleep(0)
        bench.put("two")
        assert bench.conversion.converted == len(_LONG)
        await bench.conversion.caught_up()
        assert await bench.text() == f"{_LONG}two"

    run_virtually(main())


def test_the_end_comes_after_what_was_put_before() -> None:
    async def main() -> None:
        bench = _Bench()
        bench.put(_LONG)
        bench.put("two")
        bench.conversion.end()
        bench.conversion.advance()
        assert not bench.conversion.is_complete
        await asyncio.sleep(5)
        assert bench.conversion.is_complete
        assert await bench.text() == f"{_LONG}two"

    run_virtually(main())


def test_the_lag_is_that_of_the_oldest_text() -> None:
    async def main() -> None:
        bench = _Bench()
        await asyncio.sleep(3)
        bench.conversion.put("One ", 1.0)
        bench.put("two ", 2.0)
        assert round(bench.conversion.lag_seconds, 3) == 2
        bench.put("three ")
        assert bench.conversion.lag_seconds == 0

    run_virtually(main())


def test_what_waits_is_released_by_the_close() -> None:
    async def main() -> None:
        bench = _Bench()
        bench.put(_LONG)
        waiting = asyncio.create_task(bench.conversion.caught_up())
        await asyncio.sleep(THREAD_SECONDS / 2)
        changes = bench.changes
        bench.conversion.close()
        await waiting
        await asyncio.sleep(1)
        assert bench.changes == changes

    run_virtually(main())

"""The order of what is converted on the loop and in the thread."""

import asyncio
import threading

import pytest

from service.content.live.document import HOLD_BACK_SECONDS, Change, LiveDocument
from service.content.live.live_content import LiveContent
from service.content.live.live_documents import create_document
from service.content.live.text import TextDocument
from service.content.rules import DEFAULT_RULES
from service.protocol.errors import ProcessingFailed
from service.protocol.limits import Limits
from service.protocol.messages import ChunkBy, ContentType, HtmlMode
from service.publishing.conversion import MOST_ON_LOOP, Conversion
from service.publishing.conversion_thread import ConversionThread
from tests.unit.publishing.documents import Failing, FailingAfterSettling, FailingToReveal, Slow
from tests.unit.publishing.feed_parts import THREAD_SECONDS, SlowThread
from tests.virtual_time import run_virtually

_TABLE = f"<table>{'<tr><td>one</td><td>two</td></tr>' * 1000}</table><p>end</p>"
_LONG = "many words " * MOST_ON_LOOP


class _Watched(LiveContent):
    """Keeps the number of characters of the changes that each thread has applied, and which thread has ended it."""

    def __init__(self, *, is_text: bool, max_chunk_characters: int) -> None:
        super().__init__(is_text=is_text, max_chunk_characters=max_chunk_characters)
        self.applied: dict[int, list[int]] = {}
        self.ended_by: list[int] = []

    def apply(self, change: Change) -> None:
        self.applied.setdefault(threading.get_ident(), []).append(self.work(change))
        super().apply(change)

    def finish(self) -> None:
        self.ended_by.append(threading.get_ident())
        super().finish()


class _Bench:
    def __init__(
        self, document: LiveDocument | None = None, content: LiveContent | None = None, *, is_text: bool = True
    ) -> None:
        self.thread = SlowThread()
        self.changes = 0
        content = content or LiveContent(is_text=is_text, max_chunk_characters=1000)
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
        bench = _Bench(Slow())
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


def _html() -> LiveDocument:
    return create_document(ContentType.HTML, DEFAULT_RULES, Limits())


def test_readers_have_nothing_to_take_while_the_thread_applies_a_large_change() -> None:
    async def main() -> None:
        bench = _Bench(_html(), is_text=False)
        bench.put("<p>One</p><p>two</p>")
        cursor = await bench.conversion.cursor(HtmlMode.FRAGMENT, ChunkBy.WORD, 0)
        assert cursor is not None
        bench.put(_TABLE)
        bench.conversion.end()
        bench.conversion.advance()
        kept, frozen = "", 0
        while not (bench.conversion.is_complete and cursor.ended):
            await asyncio.sleep(THREAD_SECONDS / 4)
            ready = cursor.ready, cursor.waiting, cursor.ended
            piece = cursor.take(1000, whole=True)
            if cursor.frozen:
                frozen += 1
                assert piece is None
                assert ready == (cursor.ready, cursor.waiting, cursor.ended)
            elif piece is not None:
                kept += piece.data
        assert frozen > 0
        assert kept.startswith("<p>One</p><p>two</p>")
        assert kept.endswith("<p>end</p>")
        assert kept.count("<tr>") == 1000

    run_virtually(main())


@pytest.mark.parametrize("mode", HtmlMode)
async def test_only_small_changes_are_applied_on_the_loop(mode: HtmlMode) -> None:
    thread = ConversionThread()
    content = _Watched(is_text=False, max_chunk_characters=1000)
    conversion = Conversion(_html(), content, thread, lambda: None, lambda _seconds: None)
    cursor = await conversion.cursor(mode, ChunkBy.WORD, 0)
    assert cursor is not None
    conversion.put(_TABLE)
    conversion.advance()
    await conversion.caught_up()
    conversion.put("<p>one more</p>")
    conversion.end()
    conversion.advance()
    kept = ""
    while not cursor.ended:
        await asyncio.sleep(0)
        piece = cursor.take(64, whole=True)
        kept += "" if piece is None else piece.data
    here = threading.get_ident()
    assert max(content.applied[here]) <= 4096
    assert here not in content.ended_by
    assert len(content.applied) == 2
    assert kept.count("</tr>") == 1000
    assert kept.endswith("<p>one more</p>")
    thread.close()


async def test_a_long_document_that_fails_is_broken_off_in_the_thread() -> None:
    thread = ConversionThread()
    content = _Watched(is_text=True, max_chunk_characters=1000)
    changed = asyncio.Event()
    conversion = Conversion(Failing(), content, thread, changed.set, lambda _seconds: None)
    conversion.put(_LONG)
    conversion.advance()
    await conversion.caught_up()
    conversion.put("two!")
    conversion.advance()
    conversion.put("three")
    while not conversion.is_complete:
        changed.clear()
        conversion.advance()
        await changed.wait()
    assert isinstance(conversion.failure, ProcessingFailed)
    assert content.ended_by
    assert threading.get_ident() not in content.ended_by
    cursor = await conversion.cursor(HtmlMode.FRAGMENT, ChunkBy.WORD, 0)
    assert cursor is not None
    piece = cursor.take(2 * len(_LONG), whole=True)
    assert piece is not None
    assert piece.data == _LONG
    thread.close()


def test_what_is_closed_during_a_large_change_is_thawed_when_the_thread_has_ended_it() -> None:
    async def main() -> None:
        bench = _Bench(_html(), is_text=False)
        cursor = await bench.conversion.cursor(HtmlMode.INCREMENTAL, ChunkBy.WORD, 0)
        assert cursor is not None
        fragments = await bench.conversion.cursor(HtmlMode.FRAGMENT, ChunkBy.WORD, 0)
        assert fragments is not None
        bench.put(_TABLE)
        while True:
            await asyncio.sleep(THREAD_SECONDS / 4)
            if cursor.frozen:
                break
        bench.conversion.close()
        await asyncio.sleep(0)
        assert cursor.frozen
        await asyncio.sleep(2 * THREAD_SECONDS)
        assert not cursor.frozen
        assert cursor.take(64) is not None

    run_virtually(main())


def test_what_cannot_follow_on_what_is_shown_is_left_out_after_an_error() -> None:
    async def run() -> None:
        bench = _Bench(FailingAfterSettling())
        bench.put("one two")
        bench.put("!")
        assert isinstance(bench.conversion.failure, ProcessingFailed)
        assert await bench.text() == "one two"

    run_virtually(run())


@pytest.mark.parametrize("reveals", [False, True])
def test_a_long_end_is_converted_again_in_the_thread(*, reveals: bool) -> None:
    async def main() -> None:
        document = create_document(ContentType.MARKDOWN, DEFAULT_RULES, Limits())
        content = LiveContent(is_text=False, max_chunk_characters=1000)
        bench = _Bench(document, content)
        for _ in range(300):
            bench.put("a word ")
        assert bench.thread.works == 0
        if reveals:
            bench.put("and **")
            await asyncio.sleep(2 * HOLD_BACK_SECONDS)
        else:
            bench.conversion.end()
            bench.conversion.advance()
            await asyncio.sleep(2 * THREAD_SECONDS)
        assert bench.thread.works > 0
        assert bench.conversion.is_complete is not reveals
        assert bench.conversion.failure is None

    run_virtually(main())


def test_a_failure_while_the_end_is_revealed_ends_the_document() -> None:
    async def main() -> None:
        bench = _Bench(FailingToReveal())
        bench.put("a " * 1000 + "\N{FAMILY}")
        await asyncio.sleep(2 * HOLD_BACK_SECONDS)
        assert isinstance(bench.conversion.failure, ProcessingFailed)
        assert bench.conversion.is_complete

    run_virtually(main())

"""The document of one stream, made of its text as that arrives."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from service.content.live.document import Change, LiveDocument
from service.content.live.piece import LiveCursor
from service.protocol.errors import EmptyContent
from service.protocol.messages import ChunkBy, HtmlMode
from service.publishing.conversion_thread import ConversionThread
from service.publishing.hold_back import HoldBack

MOST_ON_LOOP = 4096
"""Characters: more at once are converted in the thread, in parts as long as this, between which others have a turn."""
SLOW_SECONDS = 0.02
"""Text that took longer delayed all streams: what follows is converted in the thread, until that is fast again."""
_LARGE_DOCUMENT = 4096
"""Characters of the source, above which the last change and the first reader of a kind are work for the thread."""
_LARGE_END = 1024
"""Characters that are shown and not settled, above which all of them are converted again in the thread: at the end of
the source, or to reveal. Measured, 16,000 of a table take 0.3 s, and of nested quotes 60 ms."""

_MOST_READ = 4096
"""Characters of the document: a change for which a view reads more, such as the end of a long table, is applied in the
thread."""

_Result = TypeVar("_Result")

if TYPE_CHECKING:
    from service.content.live.live_content import LiveContent  # is loaded after the start, with the content engine


class _Step(NamedTuple):
    change: Change
    characters: int
    """Of the source."""
    ends: bool = False


class Conversion:
    """Converts text in the order in which it was put. It belongs to the event loop."""

    def __init__(
        self,
        document: LiveDocument,
        content: "LiveContent",
        thread: ConversionThread,
        on_change: Callable[[], None],
        count_held: Callable[[float], object],
    ) -> None:
        """``on_change`` is called when there is more to take, and when the document is complete or has failed.

        ``count_held`` is called with the seconds for which readable text was held back.
        """
        self._document = document
        self._content = content
        self._thread = thread
        self._hold_back = HoldBack(document, self._reveal, count_held)
        self._on_change = on_change
        self._time = asyncio.get_running_loop().time
        self._texts: list[str] = []
        self._put = 0
        self._arrived_at: float | None = None
        self._ends = False
        self._is_slow = False
        """Whether the last text took longer than ``SLOW_SECONDS``."""
        self._lock = asyncio.Lock()
        """Held while the thread has the document or the content."""
        self._task: asyncio.Task[None] | None = None
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []
        self.converted = 0
        """Characters of the source."""
        self.has_content = False
        """Whether something can be shown."""
        self.lag_seconds = 0.0
        """From the arrival of the oldest part of what was converted last until it was in the document."""
        self.is_complete = False
        """Whether there will be no change."""
        self.failure: Exception | None = None
        """Why it is complete before its end."""

    @property
    def settled(self) -> int:
        """What is before it never changes; in UTF-16 code units."""
        return self._content.settled

    @property
    def awaits_definition(self) -> bool:
        return not self.is_complete and self._document.awaits_definition

    def put(self, text: str, arrived_at: float | None = None) -> None:
        """Add text, which arrived at a time of the loop; ``advance`` converts it, if the document is not complete."""
        self._texts.append(text)
        self._put += len(text)
        if self._arrived_at is None:
            self._arrived_at = arrived_at

    def end(self) -> None:
        """Nothing is put after this; ``advance`` completes the document."""
        self._ends = True

    def advance(self) -> None:
        """Convert what was put: now if it is short, otherwise later."""
        if self._task is not None or self.is_complete or not (self._texts or self._ends):
            return
        is_short = self._put - self.converted <= MOST_ON_LOOP and not (self._ends and self._has_large_end)
        if is_short and not self._is_slow and not self._lock.locked():
            self._convert_here()
        else:
            self._task = asyncio.get_running_loop().create_task(self._convert_in_thread())

    async def caught_up(self) -> None:
        """Return when all that was put before is converted."""
        if self.converted < self._put and not self.is_complete:
            future = asyncio.get_running_loop().create_future()
            self._waiting.append((self._put, future))
            await future

    async def cursor(self, html_mode: HtmlMode, chunk_by: ChunkBy, settled: int) -> LiveCursor | None:
        """As ``LiveContent.cursor``."""
        find = partial(self._content.cursor, html_mode, chunk_by, settled)
        if self.converted <= _LARGE_DOCUMENT and not self._lock.locked():
            return find()
        # A task of its own: when the caller is cancelled, the thread still has the document.
        return await asyncio.shield(asyncio.ensure_future(self._in_thread(find)))

    def close(self) -> None:
        """Convert nothing more."""
        self._hold_back.close()
        self.is_complete = True
        self._texts.clear()
        if self._task is not None:
            self._task.cancel()
        self._release()

    def _convert_here(self) -> None:
        try:
            for step in self._steps_here():
                if self._is_large(step):
                    self._task = asyncio.get_running_loop().create_task(self._convert_in_thread(step))
                    return
                self._apply(step)
                self._applied(step)
        except Exception as error:  # noqa: BLE001 - it ends this stream for its readers, and nothing else
            self._fail(error)
            return
        self._changed()

    def _steps_here(self) -> Iterator[_Step]:
        text = "".join(self._texts)
        self._texts.clear()
        if text:
            yield self._append(text)
        if self._ends:
            yield self._finish()

    async def _convert_in_thread(self, step: _Step | None = None) -> None:
        """Apply the step, if there is one, and go on until nothing is left."""
        try:
            if step is not None:
                await self._apply_large(step)
            while self._texts and not self.is_complete:
                for text in self._take_parts():
                    await self._apply_any(await self._in_thread(partial(self._append, text)))
            if self._ends and not self.is_complete:
                await self._apply_any(await self._in_thread(self._finish))
        except Exception as error:  # noqa: BLE001 - as above
            await self._fail_in_thread(error)
        finally:
            self._task = None
        self.advance()  # what was put since the last look

    def _take_parts(self) -> list[str]:
        text = "".join(self._texts)
        self._texts.clear()
        return [text[start : start + MOST_ON_LOOP] for start in range(0, len(text), MOST_ON_LOOP)]

    async def _in_thread(self, work: Callable[[], _Result]) -> _Result:
        async with self._lock:
            return await self._thread.run(work)

    def _append(self, text: str) -> _Step:
        began = self._time()
        change = self._document.append(text)
        self._is_slow = self._time() - began > SLOW_SECONDS
        return _Step(change, len(text))

    def _finish(self) -> _Step:
        return _Step(self._document.finish(), 0, ends=True)

    # The content

    def _is_large(self, step: _Step) -> bool:
        """Whether the content is changed in the thread: readers take nothing then, so small steps are better here."""
        return self._content.work(step.change) > _MOST_READ or (step.ends and self.converted > _LARGE_DOCUMENT)

    async def _apply_any(self, step: _Step) -> None:
        """The caller has had the lock until now."""
        if self._is_large(step):
            await self._apply_large(step)
        else:
            self._apply(step)
            self._applied(step)
            self._changed()

    async def _apply_large(self, step: _Step) -> None:
        await self._change_in_thread(partial(self._apply, step))
        self._applied(step)
        self._changed()

    async def _change_in_thread(self, work: Callable[[], None]) -> None:
        """Call what changes the content. It belongs to the thread until that has ended, even if the caller does not."""
        await asyncio.shield(asyncio.ensure_future(self._frozen(work)))

    async def _frozen(self, work: Callable[[], None]) -> None:
        async with self._lock:
            self._content.freeze()
            try:
                await self._thread.run(work)
            finally:
                self._content.thaw()

    def _apply(self, step: _Step) -> None:
        self._content.apply(step.change)
        if step.ends:
            self._content.finish()

    def _applied(self, step: _Step) -> None:
        self.has_content = self.has_content or bool(step.change.text)
        self.converted += step.characters
        self.is_complete = self.is_complete or step.ends

    def _fail(self, error: Exception) -> None:
        if self._put <= _LARGE_DOCUMENT and not self._has_large_end:
            self._show_end(error)
            self._failed(error)
        else:
            self._task = asyncio.get_running_loop().create_task(self._fail_in_thread(error))

    async def _fail_in_thread(self, error: Exception) -> None:
        with suppress(Exception):  # the first error is the one that counts
            await self._change_in_thread(partial(self._show_end, error))
        self._task = None
        self._failed(error)

    def _show_end(self, error: Exception) -> None:
        """Show what there is, as the end."""
        if not isinstance(error, EmptyContent):
            with suppress(Exception):  # as above
                change = self._document.finish()
                if change.start <= self._content.length:  # else a step that failed had settled what lies between
                    self._content.apply(change)
        self._content.break_off()

    def _failed(self, error: Exception) -> None:
        if not isinstance(error, EmptyContent):  # a producer that has written nothing has failed in nothing
            self.failure = error
        self._texts.clear()
        self.is_complete = True
        self._changed()

    def _reveal(self) -> bool:
        """Show the readable text that is held back; return false while the thread has the document."""
        if self._task is not None or self._lock.locked():
            return False
        try:
            if self._has_large_end:
                self._task = asyncio.get_running_loop().create_task(self._reveal_in_thread())
                return True
            step = self._revealed()
            if self._is_large(step):
                self._task = asyncio.get_running_loop().create_task(self._convert_in_thread(step))
                return True
            self._apply(step)
            self._applied(step)
        except Exception as error:  # noqa: BLE001 - as above
            self._fail(error)
            return True
        self._changed()
        return True

    async def _reveal_in_thread(self) -> None:
        try:
            await self._apply_any(await self._in_thread(self._revealed))
        except Exception as error:  # noqa: BLE001 - as above
            await self._fail_in_thread(error)
        finally:
            self._task = None
        self.advance()

    def _revealed(self) -> _Step:
        return _Step(self._document.reveal(), 0)

    @property
    def _has_large_end(self) -> bool:
        return self._content.unsettled > _LARGE_END

    def _changed(self) -> None:
        now = asyncio.get_running_loop().time()
        if self.is_complete:
            self._hold_back.close()
        else:
            self._hold_back.update(self.converted, now)
        self.lag_seconds = 0.0 if self._arrived_at is None else max(0.0, now - self._arrived_at)
        if not self._texts:
            self._arrived_at = None
        self._release()
        self._on_change()

    def _release(self) -> None:
        """Continue those who have waited for what is converted now."""
        if self._waiting:
            still = []
            for target, future in self._waiting:
                if target <= self.converted or self.is_complete:
                    if not future.done():
                        future.set_result(None)
                else:
                    still.append((target, future))
            self._waiting = still

"""How long readable text of a document is held back."""

import asyncio
from collections.abc import Callable

from service.content.live.document import HOLD_BACK_SECONDS, LiveDocument


class HoldBack:
    """Reveals what a document has held back for ``HOLD_BACK_SECONDS``, and counts for how long each text was held."""

    def __init__(self, document: LiveDocument, reveal: Callable[[], bool], count: Callable[[float], object]) -> None:
        """``reveal`` calls that of the document and then ``update``, or returns false: then ``update`` comes later.

        ``count`` is called with the seconds of each hold-back that is over.
        """
        self._document = document
        self._reveal = reveal
        self._count = count
        self._since: float | None = None
        """When the oldest held text was there, at the earliest."""
        self._from = 0
        """Where it begins in the source."""
        self._end = 0
        """Of the source."""
        self._timer: asyncio.TimerHandle | None = None

    def update(self, end: int, now: float) -> None:
        """The document was changed, and has ``end`` characters of the source."""
        held = self._document.held
        before, self._end = self._end, end
        since = self._since
        if since is not None and (not held or end - held > self._from):
            self._count(now - since)
            if not held or end - held >= before:  # all that is held has come now
                self._since = None
        if held and end > before:
            self._from = end - held
            if self._since is None:
                self._since = now
        if self._since is not None:
            self._start_timer(self._since)

    def close(self) -> None:
        """Nothing is held any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._since is not None:
            self._count(asyncio.get_running_loop().time() - self._since)
            self._since = None

    def _start_timer(self, since: float) -> None:
        """One timer, which is started anew when it was too early: most hold-backs are over before."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_at(since + HOLD_BACK_SECONDS, self._on_time)

    def _on_time(self) -> None:
        self._timer = None
        since, now = self._since, asyncio.get_running_loop().time()
        if since is None:
            return
        if now < since + HOLD_BACK_SECONDS:
            self._start_timer(since)
            return
        self._since = None
        if self._reveal():
            self._count(now - since)
        else:
            self._since = since

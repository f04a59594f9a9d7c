"""Live documents that are slow, or fail at a given step."""

import asyncio

from service.content.live.document import Change
from service.content.live.text import TextDocument
from service.protocol.errors import ProcessingFailed
from service.publishing.conversion import SLOW_SECONDS
from tests.virtual_time import VirtualLoop


class Slow(TextDocument):
    """Takes long for each exclamation mark."""

    def append(self, source: str) -> Change:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        loop.stall(2 * SLOW_SECONDS * source.count("!"))
        return super().append(source)


class Failing(TextDocument):
    """Cannot go on after an exclamation mark."""

    def append(self, source: str) -> Change:
        if "!" in source:
            raise ProcessingFailed("It cannot go on.")
        return super().append(source)


class FailingAfterSettling(Failing):
    """Has settled something in the step that failed."""

    def finish(self) -> Change:
        start, text, settled = super().finish()
        return Change(start + 3, text, settled + 3)


class FailingToReveal(TextDocument):
    """Settles nothing, and cannot show what it holds back."""

    def append(self, source: str) -> Change:
        return super().append(source)._replace(settled=0)

    def reveal(self) -> Change:
        raise ProcessingFailed("It cannot be shown.")

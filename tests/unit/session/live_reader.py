"""A live text and a reader of it, with a virtual clock."""

import itertools
import math
from collections.abc import Iterable
from typing import NamedTuple

from msgspec import UNSET

from service.content.live.document import Change
from service.content.live.live_content import LiveContent
from service.content.live.piece import LivePiece
from service.events import LiveChunk
from service.protocol.messages import ChunkBy, HtmlMode, Speed
from service.session.live_delivery import LiveDelivery

QUANTUM_SECONDS = 0.005


class Text:
    """The content of a live text, or of HTML whose changes are given to ``content``."""

    def __init__(self, text: str = "", *, is_text: bool = True) -> None:
        self.content = LiveContent(is_text=is_text, max_chunk_characters=1000)
        self.length = 0
        self.append(text)

    def append(self, text: str) -> None:
        start = self.length
        self.length += len(text)
        if text:
            self.content.apply(Change(start, text, self.length))


class Received(NamedTuple):
    at: float
    piece: LivePiece
    chunk: LiveChunk


class Reader:
    """Takes pieces as a driver does: woken at the times at which they are due, on the grid of the ticker."""

    def __init__(
        self,
        text: Text,
        speed: Speed = Speed.ADAPTIVE,
        chunk_by: ChunkBy = ChunkBy.WORD,
        now: float = 0.0,
        *,
        mode: HtmlMode = HtmlMode.FRAGMENT,
    ) -> None:
        cursor = text.content.cursor(mode, chunk_by, 0)
        assert cursor is not None
        self.text = text
        self.now = now
        self.delivery = LiveDelivery(cursor, speed, 1000, now)
        self.received: list[Received] = []

    def play(self, arrivals: Iterable[tuple[float, str]], *, ends: bool = True) -> None:
        """Let text arrive at its times, in order; then the end, with the last of it, until all is received."""
        for at, text in arrivals:
            self.wait(at)
            self.text.append(text)
            self.change(at)
        if ends:
            self.end()

    def end(self) -> None:
        """The document is complete: receive the rest of it."""
        self.text.content.finish()
        self.delivery.finish(self.now)
        self.take()
        self.wait(math.inf)

    def change(self, at: float) -> None:
        """Something has arrived: the driver is woken at once if nothing is sent before it is due."""
        self.now = at
        self.delivery.notice(at)
        if self.delivery.due_at <= at:
            self.take()

    def take(self) -> None:
        self.received += [Received(self.now, piece, chunk) for piece, chunk in self.delivery.take(self.now)]

    def wait(self, until: float) -> None:
        """Take what is due before a time."""
        while (slot := self._slot()) < until:
            self.now = slot
            self.take()
        if until < math.inf:
            self.now = until

    def _slot(self) -> float:
        due_at = self.delivery.due_at
        if due_at == math.inf:
            return due_at
        return max(self.now, due_at, math.ceil(due_at / QUANTUM_SECONDS) * QUANTUM_SECONDS)

    @property
    def shown(self) -> str:
        kept = ""
        for _, piece, _ in self.received:
            if piece.start is not UNSET:
                units = kept.encode("utf-16-le")[: 2 * int(piece.start)]
                kept = units.decode("utf-16-le")
            kept += piece.data
        return kept

    @property
    def gaps(self) -> list[float]:
        times = [received.at for received in self.received]
        return [later - earlier for earlier, later in itertools.pairwise(times)]

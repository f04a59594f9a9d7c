"""Loads of live streams, and the figures that the live client returns."""

from collections.abc import Iterator
from random import Random

from msgspec import Struct

from service.protocol.messages import ContentType

PUBLISH_TOKEN = "benchmark-0123456789abcdef"  # noqa: S105 - of a server on the loopback address
TOKENS_PER_SECOND = 50
BURST_CHARACTERS = 150
BURST_SECONDS = 0.55
_WORDS = 400
"""Different ones."""


class LiveLoad(Struct, frozen=True):
    """Live streams with a reader each; all begin, settle, and are measured over a window."""

    streams: int
    settle_seconds: float
    window_seconds: float
    interval_seconds: float = 1 / TOKENS_PER_SECOND
    """Between two appends of a stream."""
    characters: int = 0
    """Of an append; 0 for a token, which is a word or a part of one."""
    content_type: ContentType = ContentType.TEXT
    skips: bool = False
    """Whether readers skip: they get what is there at once, without a pace."""


class LiveFigures(Struct, frozen=True):
    """Of the window. Times are as the client measured them, which has producers and readers."""

    token_cpu_us: float
    """CPU of the server for an append."""
    delay_p50_ms: float
    """From the send of a token until its last character has arrived at the reader."""
    delay_p99_ms: float
    gap_p50_ms: float
    """Between two chunks of a reader."""
    gap_p99_ms: float
    delivered_percent: float
    """The tokens that arrived in the window, of those that were due to be sent in it."""
    server_core_percent: float
    client_core_percent: float
    chunks_per_token: float

    @property
    def gap_ratio(self) -> float:
        return self.gap_p99_ms / self.gap_p50_ms if self.gap_p50_ms else 0.0


def tokens(load: LiveLoad, seed: int) -> Iterator[str]:
    """The appends of a stream, without an end: words as a model cuts them."""
    chance = Random(seed)  # noqa: S311 - a load
    words = ["".join(chance.choices("etaoinshrdlu", k=chance.randint(2, 9))) for _ in range(_WORDS)]
    while True:
        if load.characters:
            text = ""
            while len(text) < load.characters:
                text += chance.choice(words) + " "
            yield text
        else:
            word = chance.choice(words) + " "
            at = 0
            while at < len(word):  # one to five characters of a word, with its space
                size = chance.randint(2, 6)
                yield word[at : at + size]
                at += size

"""A document that is still being written."""

from typing import NamedTuple, Protocol

HOLD_BACK_CHARACTERS = 64
"""The most characters of the source that an undecided end holds back."""
HOLD_BACK_SECONDS = 0.25
"""The longest time for which readable text is held back; then ``reveal`` is called."""


class Change(NamedTuple):
    """What one step did to a document: it is ``document[:start] + text`` now. Offsets are in characters."""

    start: int
    """Never before ``settled`` of the last change; not inside a tag, a reference or a grapheme."""
    text: str
    """HTML whose open elements are not closed at the end, or text."""
    settled: int
    """What is before it is the beginning of the result of every continuation, including the end. It depends on the
    source alone, not on how it was cut, and does not decrease."""


class LiveDocument(Protocol):
    """At each moment safe HTML once its open elements are closed, or text. Not thread-safe.

    The document after ``finish`` is what ``prepare`` makes of the whole source, byte for byte: the joined chunks of its
    plan. Every method raises ``StreamingError`` if the document cannot go on. Then what was shown remains, and only
    ``finish`` may follow: it raises too, or completes the document, from a place that may be after what was shown.
    """

    @property
    def held(self) -> int:
        """The number of characters of the source that are held back until it is known what they are."""

    @property
    def awaits_definition(self) -> bool:
        """Whether blocks are not settled only because a later definition could change them."""

    def append(self, source: str) -> Change:
        """Add the next characters of the source."""

    def reveal(self) -> Change:
        """Show the readable text that is held back. Undecided markup characters may remain."""

    def finish(self) -> Change:
        """The source is complete: the whole document is settled."""

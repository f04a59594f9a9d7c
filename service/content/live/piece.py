"""What a reader of a live stream takes."""

from typing import NamedTuple, Protocol

from msgspec import UNSET, UnsetType


class LivePiece(NamedTuple):
    """The next part of a document for one reader, who keeps ``kept = kept[:start] + data`` and shows ``kept + close``.

    Offsets count UTF-16 code units, as a string of JavaScript does.
    """

    data: str
    settled: int
    """What the reader has before it never changes: all that it must remember to come back. At most its length."""
    close: str | UnsetType = UNSET
    """The end tags of the open elements; only in incremental mode."""
    start: int | UnsetType = UNSET
    """Where the data replaces what was sent; ``UNSET`` if it is appended."""


class LiveCursor(Protocol):
    """The position of one reader in a view of a document that grows. Not thread-safe."""

    @property
    def settled(self) -> int:
        """Of the view, in UTF-16 code units."""

    @property
    def frozen(self) -> bool:
        """Whether the view is being changed in another thread: the cursor is as before that, and gives nothing."""

    @property
    def ready(self) -> int:
        """The characters up to the last boundary at which ``take`` can end."""

    @property
    def waiting(self) -> int:
        """All characters that can be shown but are not taken: ``ready`` and an incomplete segment."""

    @property
    def ended(self) -> bool:
        """Whether the document is complete and everything is taken."""

    def take(self, most: int, *, whole: bool = False) -> LivePiece | None:
        """Return the next piece: one segment, and more of them as long as it has at most ``most`` characters.

        ``whole`` takes an incomplete last segment too, as far as a grapheme ends. A segment longer than the chunk
        limit is split. ``None`` if there is nothing to take. A piece with ``start`` may be a removal: empty data.
        """

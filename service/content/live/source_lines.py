"""The lines of a text that is made of a source by removing parts of it."""

from collections.abc import Sequence


def line_starts(text: bytes) -> list[int]:
    """Return the offset of each line; the last one may be empty."""
    starts = [0]
    place = text.find(b"\n")
    while place >= 0:
        starts.append(place + 1)
        place = text.find(b"\n", place + 1)
    return starts


class SourceLines:
    """For each line of the text the offset at which it begins in the source, in characters."""

    def __init__(self, source: str) -> None:
        self.starts = [0]
        place = source.find("\n")
        while place >= 0:
            self.starts.append(place + 1)
            place = source.find("\n", place + 1)

    def remove(self, text: bytes, removed: Sequence[tuple[int, int]], first: int = 0) -> None:
        """Forget the lines that begin in what is removed from the text.

        ``first`` is the number of lines of ``text`` that are before those of the source.
        """
        kept: list[int] = []
        place = 0
        for number, start in enumerate(line_starts(text)):
            while place < len(removed) and removed[place][1] < start:
                place += 1
            if number >= first and (place == len(removed) or not removed[place][0] < start <= removed[place][1]):
                kept.append(self.starts[number - first])
        self.starts = kept

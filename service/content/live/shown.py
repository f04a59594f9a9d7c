"""What a document that is still being written shows so far."""

from service.content.live.document import Change
from service.content.live.growing_text import GrowingText
from service.content.live.open_path import OpenPath, without_start_tags

_LONGEST_TAGS = 4096


class Shown:
    """The text or HTML after the last change, which all views of the document have in common."""

    def __init__(self, *, is_text: bool, max_chunk_characters: int) -> None:
        self.max_chunk_characters = max_chunk_characters
        self.text = GrowingText()
        self.elements = OpenPath(self.text)
        self.settled = 0
        """What is before it never changes; in characters."""
        self.settled_units = 0
        """The same in UTF-16 code units."""
        self.end = 0
        """Where what shows something ends: start tags wait for their content."""
        self.is_complete = False
        self._is_text = is_text

    def apply(self, change: Change) -> None:
        """Record what a step did to the document."""
        start, text, settled = change
        self.elements.truncate(start)
        self.text.replace(start, text)
        if settled != self.settled:
            self.settled = settled
            self.settled_units = self.text.units(settled)
        self.end = length = self.text.length
        if not self._is_text and text.rstrip()[-1:] in (">", ""):
            first = max(0, length - _LONGEST_TAGS)
            self.end = first + without_start_tags(self.text.slice(first, length))

    def finish(self) -> None:
        """Record that the document is complete."""
        self.is_complete = True
        self.end = self.text.length

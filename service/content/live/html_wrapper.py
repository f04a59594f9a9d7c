"""The wrappers around the last unit of a document of HTML."""

from typing import NamedTuple

from service.content.live.html_output import Group


class Level(NamedTuple):
    """The document, or a wrapper whose content is read as blocks."""

    group: Group
    """That of its blocks."""
    keeps_space: bool
    kept_at: int = -1
    """Where the start tag was written of a wrapper that is not opened."""


class SmallWrapper:
    """A wrapper that is small so far. If it is large, it is read again, and opened."""

    def __init__(self, tag: str, offset: int, length: int, repeated: int, levels: list[Level]) -> None:
        self.tag = tag
        self.offset = offset
        """Where it begins in the HTML."""
        self.length = length
        """Of the output before it."""
        self.repeated = repeated
        """The characters that are repeated before it."""
        self.depth = len(levels)
        self.html = ""
        """The HTML from its start tag on, as far as it is given."""
        self._groups = [(level.group, level.group.size, level.group.is_open) for level in levels]

    def restore_groups(self) -> None:
        for group, size, is_open in self._groups:
            group.size, group.is_open = size, is_open

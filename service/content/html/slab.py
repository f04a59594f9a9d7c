"""A slab of the source, cut into its tags and the texts after them all at once: a call for each would take longer."""

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import accumulate, count

from service.content.html.known_tags import Action, KnownTags
from service.content.html.markup import collapsed
from service.content.html.references import rewritten_text

Item = tuple[Action | None, str, int]
"""What is known of a tag, the text after it, and the number of both."""

_TAG = re.compile("<([^>]*)>")
_JOINT = "\0"
"""Between texts: the source has none, and no reference stands for it."""


class Slab:
    """A part of the source that begins with a ``<`` and ends before one.

    What looks like a tag may be none, because of a comment, a script or a bracket in a value. Then the source is to be
    read again, from the offset of the tag.
    """

    def __init__(self, source: str, start: int) -> None:
        last = source.rfind(">") + 1
        self._parts = _TAG.split(source[:last])
        """Text and tags in turn, and in the last text no ``<``, each of which would be searched for its end."""
        self._parts[-1] += source[last:]
        self.first = start + len(self._parts[0])
        """The offset of the first tag, or without one the end."""
        self.texts = self._parts[2::2]
        """The text after each tag, as it is in the source."""

    def items(self, known: KnownTags) -> Iterator[Item]:
        """Return the tags and texts.

        The texts are in canonical form, each run of white space as one space. Nothing is known of the last tag if a
        ``<`` is in the text after it.
        """
        tags = self._parts[1::2]
        if tags and "<" in self._parts[-1]:
            tags[-1] = ""
        texts = collapsed(rewritten_text(_JOINT.join(self.texts))).split(_JOINT)
        return zip(map(known.__getitem__, tags), texts, count(), strict=False)

    def is_before_text(self, number: int, offset: int) -> bool:
        """Return whether a tag ends at ``offset``, and only text is after it."""
        text = self.texts[number]
        return offset + len(text) == self.start(number + 1) and "<" not in text

    def start(self, number: int) -> int:
        """Return the offset of a tag, or for their number the end."""
        return self._starts[2 * number] + 2 * number  # the brackets of the tags before it

    @cached_property
    def _starts(self) -> Sequence[int]:
        """The offset of each part after the first, were there no brackets; and of the end."""
        return [*accumulate(map(len, self._parts[1:]), initial=self.first)]

"""A slab of the source, cut into its tags and the texts after them all at once: a call for each would take longer."""

import re
from collections.abc import Iterator, Mapping
from itertools import count

from service.content.html.markup import collapsed
from service.content.html.references import rewritten_text
from service.content.html.start_tag import StartTag

Action = StartTag | str
"""What is known of a tag: what a start tag becomes, or the name in an end tag."""
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
        self._number, self._place = 0, start + len(self._parts[0])
        """A tag, and its offset."""
        self.texts = self._parts[2::2]
        """The text after each tag, as it is in the source."""

    def items(self, known: Mapping[str, Action]) -> Iterator[Item]:
        """Return the tags and texts. Those added to ``known`` while the result is read are found.

        The texts are in canonical form, each run of white space as one space. Nothing is known of the last tag if a
        ``<`` is in the text after it.
        """
        tags = self._parts[1::2]
        if tags and "<" in self._parts[-1]:
            tags[-1] = ""
        texts = collapsed(rewritten_text(_JOINT.join(self.texts))).split(_JOINT)
        return zip(map(known.get, tags), texts, count(), strict=False)

    def start(self, number: int) -> int:
        """Return the offset of a tag, or for their number the end. Linear in all, for numbers in ascending order."""
        between = self._parts[2 * self._number + 1 : 2 * number + 1]
        self._place += sum(map(len, between)) + len(between)
        self._number = number
        return self._place

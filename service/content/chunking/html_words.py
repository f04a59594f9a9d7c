"""The words of sanitised HTML, found in its source: an inline tag is nothing, any other tag is white space."""

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import partial
from itertools import accumulate, groupby, islice

from service.content.chunking.gaps import BOUNDARY, CLOSING, OPENING, SPACES, read_slabs
from service.content.chunking.graphemes import marks_on_space
from service.content.chunking.open_elements import OpenElements
from service.content.chunking.passage import Passage
from service.content.chunking.words import UNSPACED, words

_WORD = re.compile(rf"{BOUNDARY}?[^{SPACES}{BOUNDARY}]+[{SPACES}{CLOSING}]*")
_MASK = BOUNDARY + OPENING + CLOSING
_SEPARATOR = "\n"


def html_words(html: str, elements: OpenElements | None = None) -> "array[int]":
    """Return the boundary after each word; the last one is the end of ``html``. ``elements`` reads it too."""
    ends = array("i")
    special = array("i")
    """Offsets in words that a dictionary divides, or that the one before joins because of a mark."""
    for slab in read_slabs(html):
        if elements is not None:
            elements.read(slab)
        masked = slab.masked()
        found = _WORD.findall(masked)
        begin = slab.start + len(masked) - len(masked.lstrip())
        stops = [*accumulate(map(len, found), initial=begin)]
        if not masked.isascii():
            # The first word may have begun with tags in the slab before.
            special.extend(_special(found, [ends[-1], *stops[1:]] if ends else stops))
        ends.extend(islice(stops, 1, None))
        if ends and not masked.rstrip(CLOSING)[-1:].isspace():  # the word goes on in the next slab
            del ends[-1]
    if not ends or ends[-1] < len(html):
        ends.append(len(html))
    return _with_special(html, ends, special) if special else ends


def _special(found: Sequence[str], starts: Sequence[int]) -> Sequence[int]:
    """Return offsets in those words in a slab that are special, and in those that they join."""
    others = [(word, start) for word, start in zip(found, starts, strict=False) if not word.isascii()]
    special: list[int] = []
    if UNSPACED.search("".join([word for word, _ in others])):
        special = [start for word, start in others if UNSPACED.search(word)]
    firsts = [word.lstrip(_MASK)[:1] for word, _ in others]
    if marks := marks_on_space("".join(firsts)):
        joining = [start for first, (_, start) in zip(firsts, others, strict=True) if first in marks and start]
        special = sorted([*special, *joining, *(start - 1 for start in joining)])
    return special


def _with_special(html: str, ends: "array[int]", special: "array[int]") -> "array[int]":
    """Return ``ends`` with those in and between special words found as in text."""
    starts, stops = array("i"), array("i")
    for index, _ in groupby(map(partial(bisect_right, ends), special)):
        start = ends[index - 1] if index else 0
        if stops and stops[-1] == start:
            stops[-1] = ends[index]
        else:
            starts.append(start)
            stops.append(ends[index])
    # One passage for all: words end at a separator.
    passage = Passage(
        _SEPARATOR.join([html[start:stop] for start, stop in zip(starts, stops, strict=True)]), is_part=True
    )
    cuts = passage.cuts(words(passage.text))
    done = copied = base = 0
    all_ends = array("i")
    for start, stop in zip(starts, stops, strict=True):
        inside = bisect_left(cuts, base + stop - start, done)
        all_ends += ends[copied : bisect_right(ends, start, copied)]
        all_ends.extend(cut - base + start for cut in cuts[bisect_right(cuts, base, done) : inside])
        copied = bisect_left(ends, stop, copied)
        done, base = inside, base + stop - start + len(_SEPARATOR)
    return all_ends + ends[copied:]

"""The elements that are open at each place of sanitised HTML, and the tags that close them."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import partial
from itertools import chain, repeat
from operator import add, sub

from service.content.chunking.gaps import Gap, Slab
from service.content.chunks import CloseTexts

_BLOCK = 256
"""Number of boundaries whose elements are found at once."""
_MAX_REMEMBERED = 1000
"""Number of steps that are remembered."""


class OpenElements:
    """The innermost open element, as far as the gaps of a document have been read."""

    def __init__(self) -> None:
        self._places = array("i")
        """Offsets from which on another element may be the innermost one."""
        self._innermost = array("i")
        """That element: an index into the next two."""
        self._end_tags = [""]
        self._parents = array("i", (0,))
        self._children: dict[tuple[int, str], int] = {}
        """Elements by the element around them and their name: equal ones have the same close text."""
        self._element = 0
        self._remembered = 0
        """The number of steps that are."""

    def read(self, slab: Slab) -> None:
        """Read the next slab."""
        element = self._element
        innermost: list[tuple[int, ...]] = []
        for gap in slab.gaps:
            found = gap.elements.get(element) or self._step(element, gap)
            innermost.append(found)
            element = found[-1]
        self._element = element
        self._innermost.extend(chain.from_iterable(innermost))
        starts_of_all = chain.from_iterable(map(repeat, slab.gap_starts, map(len, innermost)))
        self._places.extend(map(add, starts_of_all, chain.from_iterable([gap.offsets for gap in slab.gaps])))

    def closes(self, cuts: Sequence[int]) -> CloseTexts:
        """Return the close text at each of ``cuts``, which are in order."""
        places, innermost = self._places, self._innermost
        indices = array("i")
        element = read = 0
        for start in range(0, len(cuts), _BLOCK):
            some = [*cuts[start : start + _BLOCK]]  # a list is searched faster
            last = bisect_right(places, some[-1], read)
            reached = [*map(partial(bisect_left, some), places[read:last]), len(some)]
            counts = map(sub, reached, chain((0,), reached))
            indices.extend(chain.from_iterable(map(repeat, chain((element,), innermost[read:last]), counts)))
            if read < last:
                element, read = innermost[last - 1], last
        return CloseTexts(self._end_tags, self._parents, indices)

    def _step(self, element: int, gap: Gap) -> tuple[int, ...]:
        """Return the innermost open element at each of the offsets in ``gap``, if it is ``element`` before."""
        inside = [element]
        for name in gap.tags:
            inside.append(self._child(inside[-1], name) if name else self._parents[inside[-1]])
        found = tuple(map(inside.__getitem__, gap.tag_counts))
        if self._remembered < _MAX_REMEMBERED:
            self._remembered += 1
            gap.elements[element] = found
        return found

    def _child(self, parent: int, name: str) -> int:
        element = self._children.get((parent, name))
        if element is None:
            element = self._children[parent, name] = len(self._end_tags)
            self._end_tags.append(f"</{name}>")
            self._parents.append(parent)
        return element

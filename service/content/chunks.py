"""The chunks of a plan and their close texts: one text with offsets instead of a string for each chunk."""

from abc import abstractmethod
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, pairwise
from operator import eq, sub
from typing import Self, overload


class _Strings(Sequence[str]):
    """Equal to any sequence of the same strings."""

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]  # as that of a list

    @abstractmethod
    def _at(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        positions = range(len(self))[index]
        return self._at(positions) if isinstance(positions, int) else list(map(self._at, positions))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str):
            return NotImplemented
        return len(self) == len(other) and all(map(eq, self, other))

    def __repr__(self) -> str:
        return repr([*self])


class Chunks(_Strings):
    """A text in consecutive chunks: four bytes for each, and a slice when it is read."""

    __slots__ = ("bounds", "text")

    def __init__(self, text: str, ends: Iterable[int]) -> None:
        """With the offset of the end of each chunk, in order; the last one is the end of ``text``."""
        self.text = text
        self.bounds = array("i", (0,))
        """Chunk ``i`` is ``text[bounds[i] : bounds[i + 1]]``. Offsets are in characters."""
        self.bounds.extend(ends)

    @classmethod
    def of(cls, chunks: Sequence[str]) -> Self:
        return cls("".join(chunks), accumulate(map(len, chunks)))

    @property
    def lengths(self) -> Iterator[int]:
        return map(sub, self.bounds[1:], self.bounds)

    def _at(self, index: int) -> str:
        return self.text[self.bounds[index] : self.bounds[index + 1]]

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def __iter__(self) -> Iterator[str]:
        text = self.text
        return (text[start:end] for start, end in pairwise(self.bounds))


class CloseTexts(_Strings):
    """The close text of each chunk: four bytes for each, and a tree of the distinct ones.

    Elements nested deeply have long close texts with equal ends, which the tree has once.
    """

    __slots__ = ("indices", "parents", "tags")

    def __init__(self, tags: Sequence[str], parents: Iterable[int], indices: Iterable[int]) -> None:
        self.tags = tags
        """The end tag of each node; that of node 0, the root, is empty."""
        self.parents = array("i", parents)
        """The node of the enclosing element, which comes before its children; of the root, itself."""
        self.indices = array("i", indices)
        """The node of the innermost element that is open after chunk ``i``."""

    @classmethod
    def of(cls, closes: Sequence[str]) -> Self:
        nodes = {close: node for node, close in enumerate(dict.fromkeys(["", *closes]))}
        return cls([*nodes], [0] * len(nodes), map(nodes.__getitem__, closes))

    def text(self, node: int) -> str:
        """Return the close text with which the element of a node, and all around it, are closed."""
        tags = [self.tags[node]]
        while node := self.parents[node]:
            tags.append(self.tags[node])
        return "".join(tags)

    def _at(self, index: int) -> str:
        return self.text(self.indices[index])

    def __len__(self) -> int:
        return len(self.indices)

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
    """The close text of each chunk: the distinct ones, and four bytes for each chunk."""

    __slots__ = ("indices", "texts")

    def __init__(self, texts: Sequence[str], indices: Iterable[int]) -> None:
        self.texts = texts
        self.indices = array("i", indices)
        """The close text of chunk ``i`` is ``texts[indices[i]]``."""

    @classmethod
    def of(cls, closes: Sequence[str]) -> Self:
        numbers = {close: number for number, close in enumerate(dict.fromkeys(closes))}
        return cls([*numbers], map(numbers.__getitem__, closes))

    def _at(self, index: int) -> str:
        return self.texts[self.indices[index]]

    def __len__(self) -> int:
        return len(self.indices)

    def __iter__(self) -> Iterator[str]:
        return map(self.texts.__getitem__, self.indices)

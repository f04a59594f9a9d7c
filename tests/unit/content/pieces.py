"""The strings between offsets, as tests compare them."""

from collections.abc import Iterable
from itertools import pairwise


def pieces(text: str, ends: Iterable[int]) -> list[str]:
    return [text[start:end] for start, end in pairwise([0, *ends])]

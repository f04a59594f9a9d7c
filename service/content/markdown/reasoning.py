"""The reasoning that some language models write into their answer, in an element such as ``think``."""

import re
from bisect import bisect_right
from functools import lru_cache
from typing import NamedTuple

from pyromark import Markdown

from service.content.markdown.elements import elements


def without_reasoning(markdown: str, tags: frozenset[str], parser: Markdown) -> str:
    """Return ``markdown`` without the elements of ``tags`` that begin a line.

    A tag without its partner is removed alone, so that no answer is lost with it. Tags in code and tags inside a line
    are kept.
    """
    found = reasoning(markdown, tags, parser)
    if not found:
        return markdown
    source = markdown.encode()
    kept: list[bytes] = []
    copied = 0
    for start, end, _ in found:
        kept.append(source[copied:start])
        copied = end
    return b"".join([*kept, source[copied:]]).decode()


class Reasoning(NamedTuple):
    """What is to be removed, in UTF-8 bytes."""

    start: int
    end: int
    is_certain: bool
    """Whether it is an element with its end, or an end alone, whatever follows it."""


def reasoning(markdown: str, tags: frozenset[str], parser: Markdown) -> list[Reasoning]:
    """Return the elements of ``tags`` that begin a line, and their tags without a partner."""
    if not tags or not _name_pattern(tags).search(markdown):
        return []
    found = [tag for tag in _pattern(tags).finditer(markdown.encode()) if tag["line"] is not None or tag["end"]]
    if not found:
        return []
    code = _Code(markdown, parser)
    removed: list[Reasoning] = []
    copied = 0
    for index, tag in enumerate(found):
        if tag.start() < copied or code.has(tag.start("tag")):
            continue
        copied = tag.end()
        is_certain = True
        if not tag["end"]:
            copied, is_certain = _end(found, index, code)
        elif tag["line"] is None and tag["rest"] is None:
            continue
        removed.append(Reasoning(tag.start(), copied, is_certain))
    return removed


def _names(tags: frozenset[str]) -> str:
    return "|".join(re.escape(tag) for tag in sorted(tags))


@lru_cache(maxsize=8)
def _name_pattern(tags: frozenset[str]) -> re.Pattern[str]:
    return re.compile(f"</?(?:{_names(tags)})[ \\t>]", re.IGNORECASE)


@lru_cache(maxsize=8)
def _pattern(tags: frozenset[str]) -> re.Pattern[bytes]:
    tag = rf"(?P<tag><(?P<end>/?)(?P<name>{_names(tags)})(?:[ \t][^<>]*+)?>)"
    pattern = rf"(?P<line>^[ \t]*+)?{tag}(?=(?P<rest>[ \t]*+$)?)"
    return re.compile(pattern.encode(), re.IGNORECASE | re.MULTILINE)


def _end(found: list[re.Match[bytes]], index: int, code: "_Code") -> tuple[int, bool]:
    """Return the end of the element that ``found[index]`` starts: the end of the tag itself if it is not closed.

    And whether it is certain.

    Another start ends the search: what is between two elements may be an answer. Reasoning may leave a code block open;
    then an end tag that seems to be in code is the right one if it begins or ends a line.
    """
    name = found[index]["name"].lower()
    in_code = None
    is_certain = False
    for place in range(index + 1, len(found)):
        tag = found[place]
        if tag["name"].lower() != name:
            continue
        if not tag["end"]:
            is_certain = True
            break
        if not code.has(tag.start("tag")):
            return tag.end(), True
        if in_code is None and (tag["line"] is not None or tag["rest"] is not None):
            in_code = tag.end()
    return found[index].end() if in_code is None else in_code, is_certain


class _Code:
    """The places in a document, in bytes, that are code."""

    def __init__(self, markdown: str, parser: Markdown) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end, kind, _ in elements(markdown, parser):
            if kind in ("Code", "CodeBlock"):
                self._starts.append(start)
                self._ends.append(end)

    def has(self, place: int) -> bool:
        index = bisect_right(self._starts, place) - 1
        return index >= 0 and place < self._ends[index]

"""The reasoning that some language models write into their answer, in an element such as ``think``."""

import re
from bisect import bisect_right
from functools import lru_cache

from pyromark import Markdown

from service.content.markdown.elements import elements


def without_reasoning(markdown: str, tags: frozenset[str], parser: Markdown) -> str:
    """Return ``markdown`` without the elements of ``tags`` that begin a line.

    A tag without its partner is removed alone, so that no answer is lost with it. Tags in code and tags inside a line
    are kept.
    """
    if not tags or not _name_pattern(tags).search(markdown):
        return markdown
    source = markdown.encode()
    found = [tag for tag in _pattern(tags).finditer(source) if tag["line"] is not None or tag["end"]]
    if not found:
        return markdown
    code = _Code(markdown, parser)
    kept: list[bytes] = []
    copied = 0
    for index, tag in enumerate(found):
        if tag.start() < copied or code.has(tag.start("tag")):
            continue
        end = tag.end()
        if not tag["end"]:
            end = _end(found, index, code)
        elif tag["line"] is None and tag["rest"] is None:
            continue
        kept.append(source[copied : tag.start()])
        copied = end
    return b"".join([*kept, source[copied:]]).decode()


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


def _end(found: list[re.Match[bytes]], index: int, code: "_Code") -> int:
    """Return the end of the element that ``found[index]`` starts: the end of the tag itself if it is not closed.

    Another start ends the search: what is between two elements may be an answer. Reasoning may leave a code block open;
    then an end tag that seems to be in code is the right one if it begins or ends a line.
    """
    name = found[index]["name"].lower()
    in_code = None
    for place in range(index + 1, len(found)):
        tag = found[place]
        if tag["name"].lower() != name:
            continue
        if not tag["end"]:
            break
        if not code.has(tag.start("tag")):
            return tag.end()
        if in_code is None and (tag["line"] is not None or tag["rest"] is not None):
            in_code = tag.end()
    return found[index].end() if in_code is None else in_code


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

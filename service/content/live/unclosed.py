"""HTML without the end tags of what is open at its end."""

import re

from service.content.chunking.graphemes import graphemes, is_of_single_characters

_LONGEST_REFERENCE = 8
_LONGEST_GRAPHEME = 64
_EMPTY_CELLS = re.compile(r"(?:<td(?: [^<>]*)?></td>)+(?=</tr></tbody></table>\Z)")
_TABLE_END = "</tr></tbody></table>"


def unclosed(html: str, *, ends_line: bool, in_code: bool) -> str:
    """Return ``html`` without the end tags at its end.

    And without what stands for content that is not written yet: the other cells of a row, the line end of code, unless
    the source ``ends_line``.
    """
    if not ends_line and html.endswith(_TABLE_END):
        html = _EMPTY_CELLS.sub("", html)
    text = html[: _start(html)]
    if in_code and not ends_line and html.startswith("</code></pre>", len(text)):
        text = text.removesuffix("\n")
        if text.endswith(">"):
            text = text[: text.rindex("<pre>") + len("<pre>")]
    return text


def _start(html: str) -> int:
    end = len(html)
    while html.endswith(">", 0, end) and (tag := html.rfind("<", 0, end)) >= 0 and html.startswith("</", tag):
        end = tag
    return end


def common_start(old: str, new: str) -> int:
    """Return the length of what both begin with, not inside a tag, a reference or a grapheme."""
    if new.startswith(old):
        return grapheme_start(new, len(old))
    low, high = 0, min(len(old), len(new))
    while low < high:
        middle = (low + high + 1) // 2
        if old.startswith(new[low:middle], low):
            low = middle
        else:
            high = middle - 1
    tag = new.rfind("<", 0, low)
    if tag > new.rfind(">", 0, low):
        low = tag
    reference = new.rfind("&", max(0, low - _LONGEST_REFERENCE), low)
    if reference >= 0 and ";" not in new[reference:low]:
        low = reference
    return grapheme_start(new, low)


def grapheme_start(html: str, place: int) -> int:
    """Return the start of the grapheme in which ``place`` is, or ``place`` if it is between two."""
    around = html[max(0, place - 1) : place + 1]
    if around.isascii() or len(around) < 2 or is_of_single_characters(around):  # noqa: PLR2004 - one on each side
        return place
    start = max(html.rfind(">", 0, place), html.rfind("\n", 0, place), place - _LONGEST_GRAPHEME - 1) + 1
    ends = graphemes(html[start : place + 1])
    return next((start + end for end in reversed(ends) if start + end <= place), start)

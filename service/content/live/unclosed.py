"""HTML without the end tags of what is open at its end."""

import re

_END_TAGS = re.compile(r"(?:</[a-z][a-z0-9]*>)+\Z")
_EMPTY_CELLS = re.compile(r"(?:<td(?: [^<>]*)?></td>)+(?=</tr></tbody></table>\Z)")
_TABLE_END = "</tr></tbody></table>"


def unclosed(html: str, *, ends_line: bool, in_code: bool) -> str:
    """Return ``html`` without the end tags at its end.

    And without what stands for content that is not written yet: the other cells of a row, the line end of code, unless
    the source ``ends_line``.
    """
    if html.endswith(_TABLE_END) and not ends_line:
        html = _EMPTY_CELLS.sub("", html)
    found = _END_TAGS.search(html, max(0, html.rfind("</", 0, len(html) - 1200)))
    text = html[: _start(html)] if found is not None else html
    if in_code and not ends_line:
        text = text.removesuffix("\n")
    return text


def _start(html: str) -> int:
    end = len(html)
    while html.endswith(">", 0, end) and (tag := html.rfind("<", 0, end)) >= 0 and html.startswith("</", tag):
        end = tag
    return end


def common_start(old: str, new: str) -> int:
    """Return the length of what both begin with, not inside a tag or a reference."""
    if new.startswith(old):
        return len(old)
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
    reference = new.rfind("&", max(0, low - 8), low)
    if reference >= 0 and ";" not in new[reference:low]:
        low = reference
    return low

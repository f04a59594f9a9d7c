"""Long open blocks: what is before their last row, item or words is not converted again while they grow.

Only what readers are shown in the meantime depends on this module.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from service.content.live.ending import is_fence_open, is_table
from service.content.live.inline_scan import InlineScan
from service.content.live.unclosed import unclosed

MIN_CHARACTERS = 256
"""Of what is converted again, before a part of it is frozen."""

_MARKER = re.compile(r"( {0,3})([-*+]|[0-9]{1,9}[.)])([ ]{1,4})(\[[ xX]\] )?(?=\S)")
_PART_OF_MARKER = re.compile(r"[ \t]*(?:[-*+]|[0-9]{1,9}[.)]?)?[ \t]*")
"""A line that is not complete, and no block yet after a list or in a paragraph."""
_HEADING = re.compile(r"#{1,6}[ ]+(?=\S)")
_TEXT_LINE = re.compile(r"(?!```)(?:[^\W\d_]|\*\*|[(\"'`\[]|[,.;:!?])")
_LAST_WORDS = 48
_STOOD_FOR = "x"


class Frozen(NamedTuple):
    """The beginning of open blocks: what it is in HTML, and a short source that stands for it."""

    end: int = 0
    """In the source of the open blocks."""
    html: str = ""
    skeleton: str = ""
    skeleton_html: str = ""


NOT_FROZEN = Frozen()


def freeze(source: str, frozen: Frozen, convert: Callable[[str], str]) -> Frozen:
    """Return what is frozen of ``source``, of which ``frozen`` was."""
    if _MARKER.match(source):
        return _freeze_items(source, frozen, convert)
    if source.startswith("|"):
        return _freeze_rows(source, frozen, convert) if is_table(source) else frozen
    return _freeze_words(source, frozen, convert)


class Lines:
    """The lines of the block that ``source`` begins, as far as they certainly do not end it."""

    def __init__(self, source: str) -> None:
        self._end = 0
        """The start of the first line that may be of another block, or is not complete."""
        marker = _MARKER.match(source)
        if marker is not None:
            self._pattern = re.compile(rf"{_sibling(marker)}|{' ' * marker.end(3)}|[ \t]*\n", re.MULTILINE)
        elif source.startswith("|"):
            self._pattern = re.compile(r"\|")
        else:
            self._pattern = re.compile(r"[^\W\d_]")

    def may_end(self, source: str) -> bool:
        """Return whether another block may begin in ``source``, which has grown."""
        while self._pattern.match(source, self._end):
            end = source.find("\n", self._end)
            if end < 0:
                return False
            self._end = end + 1
        rest = source[self._end :]
        return "\n" in rest or _PART_OF_MARKER.fullmatch(rest) is None


def _sibling(marker: re.Match[str]) -> str:
    """Return the pattern of the start of another item."""
    own = marker[2]
    pattern = re.escape(own) if len(own) == 1 else f"[0-9]{{1,9}}{re.escape(own[-1])}"
    return f"{marker[1]}(?![-*_ \\t]*$){pattern} {{1,4}}(?=\\S)"


def _freeze_rows(source: str, frozen: Frozen, convert: Callable[[str], str]) -> Frozen:
    head = source.index("\n", source.index("\n") + 1) + 1
    end = source.rfind("\n") + 1
    if end <= max(head, frozen.end):
        return frozen
    skeleton = source[:head]
    skeleton_html = f"{convert(skeleton).removesuffix('</table>')}<tbody>"
    html = convert(skeleton + source[max(head, frozen.end) : end]).removesuffix("</tbody></table>")
    if not html.startswith(skeleton_html):
        return frozen
    return Frozen(end, (frozen.html or skeleton_html) + html[len(skeleton_html) :], skeleton, skeleton_html)


def _freeze_items(source: str, frozen: Frozen, convert: Callable[[str], str]) -> Frozen:
    first = _MARKER.match(source)
    assert first is not None, "a list begins with a marker"
    end = 0
    for found in re.compile(f"^{_sibling(first)}", re.MULTILINE).finditer(source, frozen.end + 1):
        end = found.start()
    if end <= frozen.end or is_fence_open(source[frozen.end : end]):
        return frozen
    item = f"{first[0]}{_STOOD_FOR}"
    before = convert(f"{frozen.skeleton}{source[frozen.end : end]}{item}")
    is_loose = before.endswith(f"<p>{_STOOD_FOR}</p></li>{before[before.rfind('</li>') + 5 :]}")
    html = before[: before.rindex("<li")]
    if not (html.startswith(frozen.skeleton_html) and html.endswith("</li>")):
        return frozen
    skeleton = f"{item}\n\n" if is_loose else f"{item}\n"
    skeleton_html = convert(skeleton + item)
    skeleton_html = skeleton_html[: skeleton_html.rindex("<li")]
    return Frozen(end, frozen.html + html[len(frozen.skeleton_html) :], skeleton, skeleton_html)


def _freeze_words(source: str, frozen: Frozen, convert: Callable[[str], str]) -> Frozen:
    """Freeze words of a paragraph or heading, where no element of a line is open."""
    heading = _HEADING.match(source)
    start = frozen.end or (heading.end() if heading else 0)
    rest = source[start:]
    if "<" in rest or not all(_TEXT_LINE.match(line) for line in rest.split("\n")[frozen.end > 0 :] if line):
        return frozen
    scan = InlineScan(rest)
    end = rest.rfind(" ", 0, min(scan.clean, len(rest) - _LAST_WORDS)) + 1
    if end < 2 or not rest[end - 2].isalnum() or not rest[end].isalnum():  # noqa: PLR2004 - a letter and a space
        return frozen
    skeleton = f"{heading[0] if heading else ''}{_STOOD_FOR} "
    skeleton_html = unclosed(convert(skeleton), ends_line=False, in_code=False)
    converted = unclosed(convert((frozen.skeleton or source[:start]) + rest[: end - 1]), ends_line=False, in_code=False)
    if not converted.startswith(frozen.skeleton_html):
        return frozen
    html = frozen.html + converted[len(frozen.skeleton_html) :]
    return Frozen(start + end, html, skeleton, skeleton_html)

"""The end of Markdown that is still being written: what is shown of it before it is known what it becomes.

What is undecided is held back; what is open is closed, so that its content is shown as it will be. Only what readers
are shown in the meantime depends on this module: a wrong guess is replaced when the block is complete.
"""

import re
from typing import NamedTuple

from service.content.live.document import HOLD_BACK_CHARACTERS
from service.content.live.inline_ending import inline_ending
from service.content.live.open_code import MAY_CLOSE, Fence

_FENCE = re.compile(
    r"^(?P<before>[ \t>]*(?:(?:[-*+]|[0-9]{1,9}[.)])[ \t]+)*)(?P<fence>`{3,}(?=[^`\n]*$)|~{3,})(?P<info>[^\n]*)$",
    re.MULTILINE,
)
_PREFIX = r"[ \t>]*(?:(?:[-*+]|[0-9]{1,9}[.)])[ \t]+)*"
_MAX_INDENTATION = 3
"""Of a closing fence."""
_MARKER_LINE = re.compile(
    rf"{_PREFIX}(?:#{{1,6}}|[-*+]|[0-9]{{1,9}}[.)]?|[-=*_ \t]+|`{{1,2}}|~{{1,2}}|\[[ xX]?\]?|\|)?[ \t]*"
)
_FENCE_LINE = re.compile(rf"{_PREFIX}(?:```|~~~)[^\n]*")
_MAYBE_CLOSING_FENCE = re.compile(r"[ \t>]*(?:`*|~*)[ \t]*")
_DELIMITER_LINE = re.compile(r"[ \t>]*\|?[ \t:|-]*")
_WHOLE_DELIMITER_LINE = re.compile(r"[ \t>]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*")
_CLOSING_FENCE = re.compile(r"[ \t>]*(?:`{3,}|~{3,})[ \t]*(?:\n|\Z)")
_PIPE = re.compile(r"(?<!\\)\|")
_LEAF_LINE = re.compile(
    r"[ \t>]*(?:(?:[-*+]|[0-9]{1,9}[.)])[ \t]+)+(?:\[[ xX]\][ \t]+)?|[ \t>]*#{1,6}[ \t]+|[ \t]*>[ \t>]*"
)


class Ending(NamedTuple):
    """What is converted in place of a source that is not complete."""

    text: str
    held: int
    """The number of characters at the end of the source that are held back; 0 if it is no text that waits."""
    in_code: bool
    """Whether the end is in a code block."""


def ending(source: str, revealed: int = 0) -> Ending:
    """Return what is shown of ``source``. What is undecided before ``revealed`` is shown as text."""
    found = _ending(source, revealed)
    return found if found.held <= HOLD_BACK_CHARACTERS else found._replace(held=0)


def _ending(source: str, revealed: int) -> Ending:
    start = source.rfind("\n") + 1
    line = source[start:]
    fence = Fence.of(source)
    if fence is not None and fence.is_open(source):
        held = len(line) if MAY_CLOSE.fullmatch(line) else 0
        return Ending(source[: len(source) - held], held, in_code=True)
    if is_fence_open(source[:start]):
        held = len(line) if _MAYBE_CLOSING_FENCE.fullmatch(line) else 0
        return Ending(source[: len(source) - held], held, in_code=True)
    if line and (_MARKER_LINE.fullmatch(line) or _FENCE_LINE.fullmatch(line)):
        return _without_line(source, start)
    return _in_table(source, start, line, revealed) or _inline(source, _leaf_start(source, start), revealed)


def is_fence_open(lines: str) -> bool:
    """Return whether code is open at the end of whole lines."""
    opened, inside = "", 0
    if "```" not in lines and "~~~" not in lines:
        return False
    for found in _FENCE.finditer(lines):
        written = found["fence"]
        if not opened:
            opened, inside = written, len(found["before"])
        elif (
            written[0] == opened[0]
            and len(written) >= len(opened)
            and not found["info"].strip()
            and len(found["before"]) <= inside + _MAX_INDENTATION
        ):
            opened = ""
    return bool(opened)


def _without_line(source: str, start: int) -> Ending:
    """Hold the last line back. The line before it may be the start of a table or a heading, but is shown."""
    held = len(source) - start
    before = _in_table(source[:start], start, "", 0)
    if before is not None:
        return Ending(before.text, held, in_code=False)
    text = source[:start].rstrip("\n")
    shown = _inline(text, _leaf_start(text, text.rfind("\n") + 1), len(text))
    return Ending(source[:start] if shown.text == text else shown.text, held, in_code=False)


def _in_table(source: str, start: int, line: str, revealed: int) -> Ending | None:
    """Return what is shown of a table, and of what begins like one."""
    block = source.rfind("\n\n", 0, start)
    block = 0 if block < 0 else block + 2
    lines = source[block:].split("\n", 2)
    first = lines[0]
    if "|" not in first or not first.lstrip(" >").startswith("|"):
        return None
    if len(lines) == 1:
        held = len(line)
        if held <= HOLD_BACK_CHARACTERS and start + held > revealed:
            return Ending(source[:start], held, in_code=False)
        shown = _inline(source, start + line.rfind("|") + 1, revealed)
        return Ending(f"{shown.text}\n{_delimiter_row(first)}", shown.held, in_code=False)
    if len(lines) == 2 and _DELIMITER_LINE.fullmatch(lines[1]):  # noqa: PLR2004 - the delimiter row is not complete
        return Ending(f"{source[: block + len(first)]}\n{_delimiter_row(first)}", len(lines[1]), in_code=False)
    if len(lines) > 2 and _WHOLE_DELIMITER_LINE.fullmatch(lines[1]):  # noqa: PLR2004 - a row
        last = 0
        for found in _PIPE.finditer(line):
            last = found.end()
        return _inline(source, start + last, revealed)
    return None


def is_table(source: str) -> bool:
    """Return whether the second line of ``source`` is complete, and the delimiter row of a table."""
    lines = source.split("\n", 2)
    return len(lines) > 2 and _WHOLE_DELIMITER_LINE.fullmatch(lines[1]) is not None  # noqa: PLR2004 - a row


def _delimiter_row(head: str) -> str:
    cells = len(_PIPE.split(head.strip(" \t>").strip("|")))
    return "|" + "---|" * cells


def _leaf_start(source: str, start: int) -> int:
    """Return where the text of the last leaf block begins. ``start`` is that of the last line."""
    first = source.rfind("\n\n", 0, max(start, 1)) + 2 if "\n\n" in source else 0
    place, after = start, start
    while True:
        if fence := _CLOSING_FENCE.match(source, place):
            return max(after, fence.end())
        marker = _LEAF_LINE.match(source, place)
        if marker is not None:
            return marker.end()
        if place <= first:
            return min(first, start)
        after = place
        place = source.rfind("\n", 0, place - 1) + 1


def _inline(source: str, start: int, revealed: int) -> Ending:
    """Return what is shown of text in a line."""
    found = inline_ending(source[start:], max(0, revealed - start))
    text = source[:start] + found.text
    return Ending(text, found.held, in_code=False)

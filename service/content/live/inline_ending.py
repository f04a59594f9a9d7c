"""The end of a run of text that is still being written."""

import re
from typing import NamedTuple

from service.content.live.document import HOLD_BACK_CHARACTERS
from service.content.live.inline_scan import InlineScan, Opened

_ENTITY = re.compile(r"&(?:#[0-9A-Za-z]{0,8}|[A-Za-z][A-Za-z0-9]{0,31})?\Z")
_UNDECIDED = re.compile(r"[*_~`\\!&<]+\Z")
_ADDRESS = re.compile(r"(?<![A-Za-z0-9(<])(?:https?(?::/?/?[^\s<>]*)?|www(?:\.[^\s<>]*)?|[A-Za-z0-9._+-]+@[^\s<>]*)\Z")


class InlineEnding(NamedTuple):
    """What is converted in place of the text, and how many characters at its end are held back."""

    text: str
    held: int


def inline_ending(text: str, revealed: int) -> InlineEnding:
    """Return what is shown of ``text``, the last line of which is not complete.

    What begins before ``revealed`` and may become markup is shown without it.
    """
    length = len(text)
    text = _UNDECIDED.sub("", text)
    scan = InlineScan(text)
    if scan.code is not None:
        return _code_ending(text, scan, scan.code, length)
    end, bracket = _before_link(text, scan, revealed)
    end = min(end, *(place for place in (scan.formula, scan.tag, end) if place is not None))
    for pattern in (_ADDRESS, _ENTITY):
        found = pattern.search(text, _start_of_word(text, end), end)
        if found is not None and found.start() >= revealed:
            end = found.start()
    shown = text[:end].rstrip(" \t")
    closing = _closing(scan.emphasis, shown)
    if bracket is not None:
        shown = shown[:bracket] + shown[bracket + 1 :]
    return InlineEnding(shown.rstrip() + closing if closing else shown, length - end if bracket is None else 0)


def _before_link(text: str, scan: InlineScan, revealed: int) -> tuple[int, int | None]:
    """Return what is shown if a link or an image is not complete: the end, and the place of a bracket left out."""
    start, end = scan.link or (next(iter(scan.brackets), len(text)), len(text))
    if start >= len(text):
        return end, None
    if text[start] == "!" or (len(text) - start <= HOLD_BACK_CHARACTERS and start >= revealed):
        is_text = scan.link is None and len(text) - start > HOLD_BACK_CHARACTERS
        return len(text) if is_text else start, None
    return end, start


def _start_of_word(text: str, end: int) -> int:
    return max(text.rfind(space, 0, end) for space in " \n") + 1


def _closing(opened: list[Opened], shown: str) -> str:
    """Return the delimiters that close those whose content is shown."""
    return "".join(each.delimiter[::-1] for each in reversed(opened) if shown[each.end :].strip())


def _code_ending(text: str, scan: InlineScan, code: Opened, length: int) -> InlineEnding:
    """Close the code at the end."""
    content = text[code.end :]
    if not content.strip():
        start = code.end - len(code.delimiter)
        shown = text[:start].rstrip(" \t")
        closing = _closing(scan.emphasis, shown)
        return InlineEnding(shown.rstrip() + closing if closing else shown, length - start)
    shown = text[: code.end] + content.rstrip() + code.delimiter
    return InlineEnding(shown + _closing(scan.emphasis, shown), length - len(text))

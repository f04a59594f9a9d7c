"""Private characters that stand for parts of a document which the parser must not read as Markdown."""

import re
from collections.abc import Iterator
from html import escape
from itertools import chain, islice
from typing import NamedTuple

_CANDIDATES = (range(0xE000, 0xF900), range(0xF0000, 0xFFFFE), range(0x100000, 0x10FFFE))
_REFERENCE = re.compile(r"&#(?:([0-9]{1,7})|[xX]([0-9a-fA-F]{1,6}));")

_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")


CLOSINGS = {r"\(": r"\)", r"\[": r"\]", "$": "$", "$$": "$$"}
"""The delimiters of formulas."""
DISPLAYED = frozenset({r"\[", "$$"})


class Formula(NamedTuple):
    """A formula: its TeX between delimiters."""

    opening: str
    content: str
    closing: str

    def is_displayed(self) -> bool:
        """Return whether it is not part of a line."""
        return self.opening in DISPLAYED

    def html(self, *, as_block: bool) -> str:
        """Return the node of the editors' Mathematics extension, with the formula also as its text."""
        tex = escape(self.content.strip())
        if as_block:
            return f'<div data-type="block-math" data-latex="{tex}">{tex}</div>'
        return f'<span data-type="inline-math" data-latex="{tex}">{tex}</span>'


class Shield:
    """The private characters for one document, none of which occurs in it, as itself or as a reference.

    A character that is hidden has one in its place wherever it is, also in code or an address, so that restoring it is
    always right. ``joiner`` stands for nothing. A formula is its number between two ``formula``.
    """

    def __init__(self, document: str) -> None:
        self.asterisk, self.underscore, self.tilde, self.less_than, self.joiner, self.formula = _unused(document, 6)
        self._contents: list[str] = []
        self._openings: list[str] = []
        self._number = re.compile(f"{self.formula}([0-9]+){self.formula}")
        self._hidden = {
            ord(self.asterisk): "*",
            ord(self.underscore): "_",
            ord(self.tilde): "~",
            ord(self.less_than): "<",
            ord(self.joiner): "",
        }
        self._hidden_in_html = self._hidden | {ord(self.less_than): "&lt;"}
        self.is_used = False
        """Whether anything was hidden. Set by those that hide."""

    def add(self, formula: Formula) -> str:
        """Return what stands for ``formula``."""
        self._openings.append(formula.opening)
        self._contents.append(formula.content)
        self.is_used = True
        return f"{self.formula}{len(self._contents) - 1}{self.formula}"

    def restored(self, text: str, *, escaped: bool = False) -> str:
        """Return ``text`` as it was written; ``escaped`` where a backslash before punctuation is none, as in a URL."""
        if not self.is_used or text.isascii():
            return text
        if self.formula in text:

            def source(number: re.Match[str]) -> str:
                written = "".join(self._formula(number[1]))
                return _ESCAPE.sub(r"\1", written) if escaped else written

            text = self._number.sub(source, text)
        return text.translate(self._hidden)

    def restored_html(self, html: str) -> str:
        """Return ``html`` with its hidden characters; formulas must have been rendered."""
        if not self.is_used or html.isascii():
            return html
        for number, text in self._hidden_in_html.items():
            html = html.replace(chr(number), text)
        return html

    def parts(self, text: str) -> Iterator[str | Formula]:
        """Yield text and formulas in turn."""
        done = 0
        for number in self._number.finditer(text):
            yield text[done : number.start()]
            yield self._formula(number[1])
            done = number.end()
        yield text[done:]

    def _formula(self, number: str) -> Formula:
        opening = self._openings[int(number)]
        return Formula(opening, self._contents[int(number)], CLOSINGS[opening])


def _unused(document: str, count: int) -> list[str]:
    first = [chr(number) for number in _CANDIDATES[0][:count]]
    if "&#" not in document and (document.isascii() or not any(character in document for character in first)):
        return first
    taken = set(document)
    for decimal, hexadecimal in _REFERENCE.findall(document):
        number = int(decimal) if decimal else int(hexadecimal, 16)
        if number <= 0x10FFFF:  # noqa: PLR2004 - the last character
            taken.add(chr(number))
    return list(islice((c for c in map(chr, chain(*_CANDIDATES)) if c not in taken), count))

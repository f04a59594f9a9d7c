"""The source of an HTML document as it comes, and the canonical HTML of it that is certain."""

import re

from service.content.html.known_tags import tag_reader
from service.content.html.markup import WHITESPACE
from service.content.html.normalise import Normaliser
from service.content.html.removal import Removals
from service.content.html.stand_ins import without_stand_ins
from service.content.html.tokens import END_OF_TAG, UnfinishedTag, preprocessed
from service.content.rules import ContentRules

_BEGINS_REFERENCE = re.compile("&(?:#(?:[0-9]*|[xX][0-9A-Fa-f]*)|[A-Za-z][A-Za-z0-9]{0,31})?")
_SPACE = re.compile("&(?:#0*(?:9|10|12|13|32)|#[xX]0*(?:9|[AaCcDd]|20)|NewLine|Tab);")
_TAG = re.compile("</?[A-Za-z]")
_OVERLAP = 64
"""Characters before what is new in which what completes a token may begin."""
_BYTE_ORDER_MARK = "\ufeff"
_MARKS = f"{_BYTE_ORDER_MARK} "


class HtmlSource:
    """All that ``add`` has returned depends on the source alone, not on its cuts, and never changes.

    Incomplete tags, references and comments are held back, and what follows a start tag whose element is dropped with
    its content, or hidden, only if it has an end.
    """

    def __init__(self, rules: ContentRules) -> None:
        self._normaliser = Normaliser(tag_reader(rules), Removals())
        self._held = ""
        self._is_cut = False
        """Whether what follows may begin with the second half of a line end."""
        self._awaited: re.Pattern[str] | None = None
        """What may complete what is held."""
        self._searched = 0
        """The offset in what is held from which on that is searched."""
        self._tag: UnfinishedTag | None = None
        """The tag with which what is held begins."""
        self._begins = True
        """Whether nothing was returned yet."""
        self._is_marked = False
        """Whether the HTML begins with a byte order mark, which a parser drops, and white space behind it."""

    @property
    def held(self) -> int:
        """The number of characters that are held back, if they are more than white space."""
        return 0 if not self._held or self._held.isspace() else len(self._held) + self._is_cut

    def is_in_element(self) -> bool:
        """Return whether an element is open after what is certain."""
        return self._normaliser.is_in_element()

    def add(self, source: str) -> str:
        """Return the canonical HTML that is certain since the last call."""
        self._keep(source)
        held = self._held
        if self._awaited is not None and self._awaited.search(held, self._searched) is None:
            end_tag = held.rfind("</", self._searched)
            is_open = end_tag >= 0 and held.find(">", end_tag) < 0
            self._searched = end_tag if is_open else max(self._searched, len(held) - _OVERLAP)
            return ""
        if self._tag is not None and not self._tag.has_end(held):
            self._awaited, self._searched = self._tag.end, len(held)
            return ""
        done, self._awaited = self._normaliser.read_part(held[: _certain_end(held)])
        self._held = held = held[done:]
        self._tag = UnfinishedTag() if self._awaited is END_OF_TAG and _TAG.match(held) else None
        self._searched = max(0, len(held) - _OVERLAP)
        return self._shown(self._normaliser.writer.take())

    def finish(self) -> str:
        """Return the rest of the canonical HTML of the whole source."""
        self._normaliser.read(self._held + "\n" * self._is_cut)
        self._held, self._is_cut = "", False
        return self._shown(self._normaliser.writer.result())

    def _keep(self, source: str) -> None:
        if not source:
            return
        source = "\r" * self._is_cut + source
        self._is_cut = source[-1] == "\r"
        self._held += preprocessed(without_stand_ins(source[:-1] if self._is_cut else source))

    def _shown(self, html: str) -> str:
        if self._begins and html:
            self._is_marked = self._is_marked or html[0] == _BYTE_ORDER_MARK
            html = html.lstrip(_MARKS) if self._is_marked else html
            self._begins = not html
        return html


def _certain_end(source: str) -> int:
    """Return where ``source`` is to be cut, so that what follows cannot join with what is before.

    A line end after a start tag ``pre`` counts only if another one follows it.
    """
    end = len(source)
    place = source.rfind("&")
    if place >= 0 and _BEGINS_REFERENCE.fullmatch(source, place):
        end = place
    while True:
        end = len(source[:end].rstrip(WHITESPACE))
        place = source.rfind("&", 0, end) if source[end - 1 : end] == ";" else -1
        if place < 0 or _SPACE.fullmatch(source, place, end) is None:
            break
        end = place
    for ending in ("</", "<"):  # the first of which is text at the end of a source, and nowhere else
        if source.endswith(ending, 0, end):
            # After "</", it is in what that begins.
            return end if source.endswith("</", 0, end - len(ending)) else end - len(ending)
    return end

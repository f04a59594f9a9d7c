"""Normalising: any HTML in the canonical form of markup.py, with what the policy allows and nothing lost.

One scan over the source. A tag outside the policy goes and its content stays, except for what a browser does not show
either: scripts, hidden elements. White space is collapsed as a browser shows it. The result is not trusted: sanitise.py
compares it with what a tree parser makes of it.
"""

import re
from collections.abc import Sequence

from service.content.html.attributes import is_hidden
from service.content.html.elements import DROPPED_INSIDE, DROPPED_WITH_CONTENT, EMBEDS, LITERAL, RENAMED
from service.content.html.images import with_loose_images
from service.content.html.known_tags import KnownTags, TagReader
from service.content.html.markup import WHITESPACE
from service.content.html.references import read_text
from service.content.html.removal import Removal, Removals
from service.content.html.slab import Slab
from service.content.html.start_tag import StartTag
from service.content.html.tokens import (
    RawText,
    Token,
    attributes_of,
    end_of_unfinished,
    end_tag,
    end_tag_name,
    preprocessed,
    token_at,
)
from service.content.html.writer import Writer

_SLAB_CHARACTERS = 16_384

_WHOLE_PAGE = frozenset({"html", "body"})
"""Elements that are never hidden: if they are, a script of the page shows them."""
_SEPARATED = frozenset({"button", "mtd", "text"})
"""Elements outside the policy that stand apart from what precedes them."""


def normalise(html: str, reader: TagReader, removals: Removals) -> str:
    """Return ``html`` in canonical form. Normalising it again changes nothing. Linear in time and memory."""
    normaliser = Normaliser(reader, removals)
    normaliser.read(preprocessed(html))
    return with_loose_images(normaliser.writer.result())


_TEXT = re.compile(r"(?:<(?![A-Za-z!?]|/[\s\S])[^<]*+)+")
"""A ``<`` that begins no token, and the text after it."""
_SOURCE = re.compile(r"<source(?=[\s/>])", re.IGNORECASE)


class Incomplete(Exception):
    """What becomes of the source at an offset depends on what follows."""

    def __init__(self, end: re.Pattern[str]) -> None:
        super().__init__()
        self.end = end
        """What may decide it."""


class Normaliser:
    """Reads a source, all at once or in parts."""

    def __init__(self, reader: TagReader, removals: Removals) -> None:
        self.writer = Writer(removals)
        self._html = ""
        self._reader = reader
        self._attributes = reader.attributes
        self._elements = reader.attributes.elements
        self._removals = removals
        self._raw = RawText("")
        self._known = KnownTags(reader)
        self._foreign = ""
        """The open ``svg`` or ``math``."""
        self._is_whole = True
        """Whether the source ends where the current part does."""
        self._place = 0
        """The offset of the last token that needed more than a writer."""

    def is_in_element(self) -> bool:
        """Return whether an element is open after what was read."""
        return bool(self._foreign) or self.writer.is_in_element()

    def read(self, html: str) -> None:
        """Read the source, or the last part of it."""
        self._begin(html, is_whole=True)
        self._read_all()

    def read_part(self, html: str) -> tuple[int, re.Pattern[str] | None]:
        """Read a part of the source, which does not end inside of a reference, or of white space.

        Return how far it was read, the rest of which is to be given again together with what follows; and, if something
        is incomplete there, what may complete it.
        """
        self._begin(html, is_whole=False)
        try:
            self._read_all()
        except Incomplete as incomplete:
            return self._place, incomplete.end
        return len(html), None

    def _begin(self, html: str, *, is_whole: bool) -> None:
        self._html, self._is_whole = html, is_whole
        self._raw = RawText(html)

    def _read_all(self) -> None:
        done, length = 0, len(self._html)
        while done < length:
            start = self._html.find("<", done)
            done = self._read(done, start if start >= 0 else length)
            if done == start:
                end = self._html.find("<", start + _SLAB_CHARACTERS)
                done = self._read_slab(start, end if end >= 0 else length)

    def _read_slab(self, start: int, end: int) -> int:
        """Read at least from the ``<`` at ``start`` to the one at ``end``. Return the offset at which to continue."""
        slab = Slab(self._html[start:end], start)
        items = slab.items(self._known)
        stop = slab.first
        done = self._read(start, stop)

        def handle(tag: StartTag | Token | None, number: int) -> bool:
            """Handle a tag. Return whether all of the text after it is text."""
            nonlocal done, stop
            if isinstance(tag, StartTag):
                self._start(tag)
                return True
            self._place = place = slab.start(number)
            done = self._unknown(place) if tag is None else self._token(tag, place + tag.end)
            if slab.is_before_text(number, done):
                return True
            stop = slab.start(number + 1)
            done = self._read(done, stop)
            return False

        while True:
            while done > stop:
                skipped = next(items, None)
                if skipped is None:
                    return done
                stop = slab.start(skipped[2] + 1)
                done = self._read(done, stop)
            if self.writer.write(items, slab.texts, handle):
                return end

    def _read(self, start: int, end: int) -> int:
        """Read at least up to ``end``, where there is a ``<`` or the end of the source, unless ``start`` is beyond."""
        while start < end:
            following = self._html.find("<", start, end)
            if following == start:
                start = self._unknown(start)
            else:
                following = following if following >= 0 else end
                self.writer.text(self._html[start:following])
                start = following
        return start

    def _unknown(self, start: int) -> int:
        """Handle what begins at ``start`` and is not known yet. Return the offset at which to continue."""
        if text := _TEXT.match(self._html, start):
            self.writer.text(text[0])
            return text.end()
        self._place = start
        token = token_at(self._html, start)
        if not (self._is_whole or token.name) and (end := end_of_unfinished(self._html, start)):
            raise Incomplete(end)
        return self._token(token, token.end)

    def _token(self, token: Token, end: int) -> int:
        """Handle a token that ends at ``end``. Return the offset at which to continue."""
        name, written, is_end, _ = token
        if not name:
            self._removals.add(Removal.COMMENT)
        elif is_end:
            self._end(name)
        elif name in DROPPED_WITH_CONTENT or name in DROPPED_INSIDE.get(self._foreign, ()):
            return self._drop(name, written, end)
        elif name in LITERAL and (content := self._content(name, end)):
            self._start_written(name, written, end)
            text = self._html[end : content[0]]
            if text:
                self.writer.literal(read_text(text) if name == "textarea" else text)
            self.writer.end(RENAMED[name].name)
            return content[1]
        elif name in EMBEDS:
            self._removals.add(Removal.ELEMENT)
            self._embed(name, attributes_of(written))
        else:
            self._start_written(name, written, end)
        return end

    def _start_written(self, name: str, written: str, end: int) -> None:
        renamed = RENAMED[name].name if name in RENAMED else name
        if renamed not in self._elements:
            hidden = self._is_hidden(name, written, end)
            self._removals.add(Removal.ELEMENT)
            if name in _SEPARATED:
                self.writer.separate()
            if not written.endswith("/"):
                self._start_unknown(name, hidden=hidden)
            return
        self._start(self._reader.start_tag(renamed, written, name))

    def _is_hidden(self, name: str, written: str, end: int) -> bool:
        """Return whether an element that is not of the policy is hidden, and has an end."""
        can_hide = bool(written) and not written.endswith("/") and name not in _WHOLE_PAGE
        return can_hide and is_hidden(attributes_of(written)) and self._has_end(name, end)

    def _start_unknown(self, name: str, *, hidden: bool) -> None:
        """Handle the start tag of an element whose content stays, unless it is hidden."""
        if name in DROPPED_INSIDE:
            self._foreign = name
        if hidden:
            self._removals.add(Removal.HIDDEN)
        if hidden or self.writer.has_open(name):
            self.writer.open(StartTag(name, "", is_hidden=hidden))

    def _start(self, tag: StartTag) -> None:
        self.writer.start(tag)
        if tag.alternative:
            self._show_instead(tag.alternative, tag.address)

    def _end(self, name: str) -> None:
        if name == self._foreign:
            self._foreign = ""
        renamed = RENAMED[name].name if name in RENAMED else name
        if renamed not in self._elements:
            if self.writer.has_open(name):
                self.writer.end(name)
        elif name == "br":
            self._start(self._attributes.start_tag(name))
        else:
            self.writer.end(renamed)

    def _drop(self, name: str, written: str, end: int) -> int:
        """Drop an element with its content, or without an end tag only its tag. Return the offset after it."""
        content = None if written.endswith("/") else self._content(name, end)
        self._removals.add(Removal.ELEMENT if content is None else Removal.SUBTREE)
        if name in EMBEDS:
            attributes = attributes_of(written)
            if content is not None and not any(attribute == EMBEDS[name] for attribute, _ in attributes):
                attributes += _source_attributes(self._html[end : content[0]])
            self._embed(name, attributes)
        return end if content is None else content[1]

    def _content(self, name: str, start: int) -> tuple[int, int] | None:
        """Return where the content of an element, which begins at ``start``, and its end tag end."""
        content = self._raw.end(name, start)
        if not self._is_whole and (content is None or self._html[content[1] - 1] != ">"):
            raise Incomplete(end_tag(name))
        return content

    def _has_end(self, name: str, start: int) -> bool:
        """Return whether an end tag of ``name`` occurs after ``start``."""
        if self._is_whole:
            return self._raw.has_end(name, start)
        if not self._raw.has_whole_end(name, start):
            raise Incomplete(end_tag_name(name))
        return True

    def _embed(self, name: str, attributes: Sequence[tuple[str, str]]) -> None:
        """Write a link in the place of an embedded document or medium, if it is shown."""
        if is_hidden(attributes):
            self._removals.add(Removal.HIDDEN)
            return
        values = dict(reversed(attributes))
        address = values.get(EMBEDS[name], "").strip(WHITESPACE)
        self.writer.separate()
        if address and address != "about:blank":
            self._show_instead(values.get("title", "").strip(WHITESPACE) or address, address)
            self.writer.separate()

    def _show_instead(self, text: str, address: str) -> None:
        """Write text in the place of an element, as a link if there is an address."""
        link = self._attributes.start_tag("a", [("href", address)])
        if not address or link.removed or self.writer.has_open("a"):
            self._removals.add_all(link.removed)
            self.writer.literal(text)
            return
        self._start(link)
        self.writer.literal(text)
        self.writer.end("a")


def _source_attributes(content: str) -> Sequence[tuple[str, str]]:
    """Return the attributes of the first ``source`` in the content of a medium."""
    found = _SOURCE.search(content)
    return attributes_of(token_at(content, found.start()).attributes) if found else ()

"""What is known of tags by their text alone: most of a document repeat, and those of an editor in all its documents."""

from functools import lru_cache

from service.content.html.attributes import AttributeFilter
from service.content.html.elements import LITERAL, RENAMED
from service.content.html.start_tag import StartTag
from service.content.html.tokens import Token, attributes_of, whole_tag
from service.content.rules import ContentRules

Action = StartTag | str | Token
"""What a start tag becomes, or the name in an end tag; or a tag that is not of the policy, or whose content is not read
as usual."""

_MAX_TAGS = 1000
"""Tags that are remembered for one content."""
_MAX_SHARED_TAGS = 256
"""Tags that are remembered for all contents with the same rules."""
_MAX_SHARED_LITERALS = 16
"""Start tags that are remembered of those which are read in their place."""
_MAX_CHARACTERS = 200
"""The longest tag that is remembered."""


class TagReader:
    """Reads tags by one set of rules, for any number of contents and threads."""

    def __init__(self, rules: ContentRules) -> None:
        self.attributes = AttributeFilter(rules)
        self._read_shared = lru_cache(maxsize=_MAX_SHARED_TAGS)(self._read)
        self._start_shared = lru_cache(maxsize=_MAX_SHARED_LITERALS)(self._start)

    def read(self, tag: str) -> Action | None:
        """Return what is known of a tag, given without its brackets, wherever it is in a content.

        ``None`` for text that is more or less than a tag.
        """
        return self._read_shared(tag) if len(tag) <= _MAX_CHARACTERS else self._read(tag)

    def start_tag(self, name: str, attributes: str, written_name: str) -> StartTag:
        """Return what becomes of a start tag, given its attributes as in the source, and its name there."""
        start = self._start_shared if len(attributes) <= _MAX_CHARACTERS else self._start
        return start(name, attributes, written_name)

    def _read(self, tag: str) -> Action | None:
        token = whole_tag(tag)
        if token is None or token.name in LITERAL:
            return token
        name = RENAMED[token.name].name if token.name in RENAMED else token.name
        if name not in self.attributes.elements:
            return token
        if token.is_end:
            return name if name != "br" else token
        return self._start(name, token.attributes, token.name)

    def _start(self, name: str, attributes: str, written_name: str) -> StartTag:
        read = attributes_of(attributes) if attributes else ()
        return self.attributes.start_tag(name, read, written_name if written_name != name else "")


@lru_cache(maxsize=8)
def tag_reader(rules: ContentRules) -> TagReader:
    """Return the reader that all contents with these rules share."""
    return TagReader(rules)


class KnownTags(dict[str, Action | None]):
    """What is known of the tags of one content, by their text without brackets; see ``TagReader.read``."""

    def __init__(self, reader: TagReader) -> None:
        super().__init__()
        self._reader = reader

    def __missing__(self, tag: str) -> Action | None:
        action = self._reader.read(tag)
        if len(tag) <= _MAX_CHARACTERS and len(self) < _MAX_TAGS:
            self[tag] = action
        return action

"""The filter of ``style`` attributes. What it writes is read from a strict grammar, whatever was written."""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial

from service.content.html.style.box import fitted
from service.content.html.style.properties import KINDS, RULES, Kind, ValueRule
from service.content.html.style.value import Declared, declared

_COMMENTED = "/**/"
"""Stands for any comment. A declaration with one inside is dropped."""
_LEADING_COMMENTS = re.compile(r"\A(?:/\*\*/[ \t\n\f\r]*)+")
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_DELIMITER = re.compile(r"""[;()\[\]{}]|\\.?|"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?""", re.DOTALL)
_SIMPLE = re.compile(r"""(?:[^()\[\]{}\\"']++|"[^"\\;]*+"|'[^'\\;]*+'|\([^()\[\]{}\\"';]*+\))*""")
"""A style in which every semicolon is between declarations."""
_SPACE = " \t\n\f\r"

_MAY_HIDE = re.compile(r"none|hidden|collapse|\\")
"""In lower case: this is faster than ``IGNORECASE``."""
_ESCAPE = re.compile(r"\\(?:([0-9a-f]{1,6})[ \t\n\f\r]?|(.))", re.IGNORECASE | re.DOTALL)
_HIDING = {"display": frozenset({"none"}), "visibility": frozenset({"hidden", "collapse"})}
_SHOWING = {
    "display": re.compile(
        r"(?:block|inline|run-in|flow|flow-root|contents|list-item|ruby|math|(?:inline-)?(?:flex|grid|block|table)"
        r"|table-[a-z\-]+|-webkit-[a-z\-]+|inherit|initial|unset|revert|revert-layer|[a-z\-]+ [a-z\- ]+)"
    ),
    "visibility": re.compile("visible|inherit|initial|unset|revert|revert-layer"),
}
_PRESERVES_SPACE = re.compile(
    r"(?:\A|;)\s*white-space\s*:\s*(?:pre-wrap|pre-line|break-spaces|pre)\s*(?:;|\Z)", re.IGNORECASE
)

_MAX_REMEMBERED, _MAX_REMEMBERED_CHARACTERS = 128, 100
"""Declarations that are remembered for each kind of elements: most repeat, also in other contents."""
_Declaration = tuple[Sequence[Declared], bool, bool]
"""What is left of a declaration, whether it was important, and whether it is left as it was written."""
_Read = Callable[[str], _Declaration]


def allowed_style(style: str, element: str = "div") -> str | None:
    """Return the allowed declarations of ``style`` on ``element``, ``None`` if there is none. Linear in time.

    The style is returned unchanged if all are allowed as they are. Filtering it again changes nothing.
    """
    kind, read, read_and_remember = _READS.get(element, _READS_IN_BLOCK)
    written: list[Declared] = []
    important: list[Declared] = []
    is_unchanged = _COMMENTED[:2] not in style
    for text in _declarations(style):
        is_remembered = len(text) <= _MAX_REMEMBERED_CHARACTERS
        pairs, is_important, is_written = read_and_remember(text) if is_remembered else read(text)
        is_unchanged = is_unchanged and is_written
        (important if is_important else written).extend(pairs)
    winning = dict(written)
    if important or len(winning) < len(written):
        winning = {}
        for name, value in written + important:
            winning.pop(name, None)
            winning[name] = value
        is_unchanged = False
    fitting = fitted(winning, kind)
    if is_unchanged and fitting and (fitting is winning or list(fitting.items()) == written):
        return style
    return "; ".join(f"{name}: {value}" for name, value in fitting.items()) or None


def hides(style: str) -> bool:
    """Return whether an element with this style, as its author wrote it, is not displayed by a browser."""
    if not _MAY_HIDE.search(style.lower()):
        return False
    winning: dict[str, tuple[bool, str]] = {}
    for text in _declarations(style):
        name, _, value = _ESCAPE.sub(_unescaped, text.replace(_COMMENTED, " ")).lower().partition(":")
        name = name.strip(_SPACE)
        if name in _HIDING:
            value, is_important = _without_flag(value)
            words = " ".join(value.split())
            is_valid = words in _HIDING[name] or _SHOWING[name].fullmatch(words)
            if is_valid and (is_important or not winning.get(name, (False, ""))[0]):
                winning[name] = is_important, words
    return any(words in _HIDING[name] for name, (_, words) in winning.items())


def preserves_space(style: str) -> bool:
    """Return whether an allowed style keeps line ends, or all white space, of the text."""
    return "white-space" in style.lower() and _PRESERVES_SPACE.search(style) is not None


def _unescaped(match: re.Match[str]) -> str:
    number = int(match[1] or "0", 16)
    return match[2] or (chr(number) if 0 < number <= sys.maxunicode else "\ufffd")


def _declarations(style: str) -> Iterable[str]:
    """Return the texts between semicolons that are in no comment, string or brackets, without the empty ones."""
    if "/*" in style:
        style = _COMMENT.sub(_COMMENTED, style)
    texts = style.split(";") if _SIMPLE.fullmatch(style) else _split(style)
    stripped = [text.strip(_SPACE) for text in texts]
    if _COMMENTED in style:
        stripped = [_LEADING_COMMENTS.sub("", text, count=1) for text in stripped]
    return filter(None, stripped)


def _split(style: str) -> Iterator[str]:
    start = depth = 0
    for match in _DELIMITER.finditer(style):
        delimiter = match[0]
        if delimiter in "([{":
            depth += 1
        elif delimiter in ")]}":
            depth = max(0, depth - 1)
        elif delimiter == ";" and not depth:
            yield style[start : match.start()]
            start = match.end()
    yield style[start:]


def _read(rules: Mapping[str, ValueRule], text: str) -> _Declaration:
    own_name, _, own_value = text.partition(":")
    own_name, own_value = own_name.strip(_SPACE), own_value.strip(_SPACE)
    value, is_important = _without_flag(own_value) if "!" in own_value else (own_value, False)
    pairs = declared(own_name.lower(), value, rules)
    return pairs, is_important, not is_important and len(pairs) == 1 and pairs[0] == (own_name, own_value)


def _reads(kind: Kind) -> tuple[Kind, _Read, _Read]:
    """Return a kind with its ``_read``, and with one that remembers results."""
    read = partial(_read, RULES[kind])
    return kind, read, lru_cache(maxsize=_MAX_REMEMBERED)(read)


_READS_OF_KIND = {kind: _reads(kind) for kind in Kind}
_READS_IN_BLOCK = _READS_OF_KIND[Kind.BLOCK]
_READS = {element: _READS_OF_KIND[kind] for element, kind in KINDS.items()}
"""Those of elements that are no blocks."""


def _without_flag(value: str) -> tuple[str, bool]:
    """Return the value without ``!important``, and whether it had that."""
    own, mark, flag = value.rpartition("!")
    return (own, True) if mark and flag.strip(_SPACE).lower() == "important" else (value, False)

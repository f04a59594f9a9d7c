"""Rules for the values of attributes, each with its words for the documentation."""

import re
from enum import Enum

from msgspec import Struct


class Value(Enum):
    """Rules that a pattern cannot express. The value is the rule in words."""

    TEXT = "any text"
    """It is only displayed."""
    LINK = "an address that is relative or has `http:`, `https:`, `mailto:` or `tel:`; its host is in `LINK_HOSTS`"
    IMAGE = "the same, or a raster image as base64 in a `data:` address; its host is in `IMAGE_HOSTS`"
    CLASSES = "names, without those that are not in the table of classes"
    RELATIONS = "`nofollow`, `noopener`, `noreferrer`, `sponsored` and `ugc`, without other words"
    STYLE = "declarations, without those that are not in the table of styles"


class Pattern(Struct, frozen=True):
    """A pattern that the whole value must match."""

    words: str
    pattern: re.Pattern[str]

    def matches(self, value: str) -> bool:
        """Return whether the whole value is allowed."""
        return self.pattern.fullmatch(value) is not None


Rule = Value | Pattern


def one_of(*values: str) -> Pattern:
    """Return the rule that allows exactly these values."""
    words = ", ".join(f"`{value}`" if value else "empty" for value in values)
    return Pattern(words, re.compile("|".join(map(re.escape, values))))


def either(*rules: Pattern) -> Pattern:
    """Return the rule that allows what one of ``rules`` allows."""
    distinct = list(dict.fromkeys(rules))
    if len(distinct) == 1:
        return distinct[0]
    return Pattern(
        ", or ".join(rule.words for rule in distinct),
        re.compile("|".join(f"(?:{rule.pattern.pattern})" for rule in distinct)),
    )


FLAG = one_of("")
COUNT = Pattern("a whole number from 1 to 9999", re.compile(r"[1-9][0-9]{0,3}"))
INTEGER = Pattern("a whole number of up to 4 digits", re.compile(r"-?[0-9]{1,4}"))
"""The number of a list item: a longer one would not fit beside the item."""
LENGTH = Pattern("a number, also with `px` or `%`", re.compile(r"[0-9]{1,5}(?:\.[0-9]{1,4})?(?:px|%)?"))
WIDTHS = Pattern("up to 100 whole numbers, separated by commas", re.compile(r"[0-9]{1,5}(?:,[0-9]{1,5}){0,99}"))
BOOLEAN = one_of("true", "false")
COLOUR = Pattern(
    "a colour: hexadecimal, by name, or with `rgb()` or `hsl()`",
    re.compile(r"#[0-9A-Fa-f]{3,8}|[A-Za-z]{1,30}|(?:rgb|hsl)a?\([0-9., %/]{1,40}\)"),
)
WORD = Pattern("up to 40 ASCII letters, digits and any of `_+#.-`", re.compile(r"[A-Za-z0-9_+#.\-]{1,40}"))
IDENTIFIER = Pattern("up to 100 letters, digits, spaces and any of `_.@+=-`", re.compile(r"[\w.@+=\- ]{1,100}"))
_SKIPPED = r"[\s\xad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]*"
"""Characters that a script may trim, or that are not shown."""
LABEL = Pattern(
    "up to 200 characters, no address and no control character, backtick or any of `<>{};\\`",
    re.compile(rf"(?!{_SKIPPED}[A-Za-z][A-Za-z0-9+.\-]*:\S|.*//)[^<>{{}};\\`\x00-\x1f\x7f-\x9f\u2028\u2029]{{1,200}}"),
)
SYMBOL = Pattern("one punctuation mark or symbol", re.compile(r"[!#$%&*+,\-./:;=?@^_|~§€]"))
EMOJI = Pattern("up to 16 characters, none of them ASCII", re.compile(r"[^\x00-\xa0]{1,16}"))
LATEX = Pattern(
    "up to 5000 characters of LaTeX, no address, no command that loads, links, sets HTML or defines names",
    re.compile(
        rf"(?!{_SKIPPED}(?:(?:https?|ftp|file|data|javascript|vbscript):|/[/\\]|\\/))"
        r"(?![\s\S]*\\(?:href|url|includegraphics|(?:text)?html[A-Za-z]*|class|style|cssId|data|bbox|require|unicode"
        r"|mmlToken|csname|catcode|[egx]?def|let|futurelet|(?:re)?[Nn]ew(?!line(?![A-Za-z]))[A-Za-z]*|Declare[A-Za-z]*"
        r"|provide[A-Za-z]*|input|include)(?![A-Za-z]))"
        r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]{1,5000}"
    ),
)
FORMULA = Pattern(
    f"{LATEX.words}, no tag",
    re.compile(rf"(?![^<]*+(?:<(?![A-Za-z/!?])[^<]*+)*<(?=[A-Za-z/!?])[^=>]*+[=>]){LATEX.pattern.pattern}"),
)
"""Quill 2.0 exports a formula as HTML without escaping it."""

"""Characters that a writer means as text where the parser would read Markdown.

- A single tilde: ``20~25`` is a range. Two strike through.
- Delimiters in an address without brackets: ``https://example.com/__init__.py``.
- Emphasis beside CJK punctuation, where words have no spaces between them: the parser takes ``**「a」**b`` for text.
  With a joiner between the delimiters and the punctuation, the rules of CommonMark have the result of the "CJK-friendly
  amendments" (github.com/tats-u/markdown-cjk-friendly).
- A placeholder in angle brackets at the start of a line: ``<target>``. The parser takes it for an HTML block.
"""

import re
import unicodedata

from service.content.markdown.bare_links import ADDRESS, address_end
from service.content.markdown.raw_tags import HTML_NAMES, PASSED
from service.content.markdown.shield import Shield

CJK_PUNCTUATION = (
    r"\u3001-\u3003\u3008-\u3011\u3014-\u301f\u3030\u303d\u30a0\u30fb\ufe10-\ufe19\ufe30-\ufe6b"
    r"\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
)
_IS_CJK_PUNCTUATION = re.compile(f"[{CJK_PUNCTUATION}]")
_IS_CJK = re.compile(
    r"[\u1100-\u11ff\u2e80-\u2fff\u3001-\u303f\u3040-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff"
    r"\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6b\uff01-\uffee\U00016fe0-\U00018fff\U0001aff0-\U0001b2ff"
    r"\U00020000-\U0003ffff]"
)
# Each begins with the character, so that the search is fast; what may precede it is checked after it.
_RUN = re.compile(r"\*(?<![*\\]\*)\*{0,99}|~~(?<![~\\]~~)(?!~)")
_TILDE = re.compile(r"~(?<![~\\]~)(?!~)")
_LINE_TAG = re.compile(
    r"^(?P<before>[ \t]*+(?:(?:>|[-*+](?=[ \t])|[0-9]{1,9}[.)](?=[ \t]))[ \t]*+)*)"
    r"<(?P<tag>/?(?P<name>[A-Za-z][A-Za-z0-9-]*+)[ \t]*+/?>)(?P<after>.*+)",
    re.MULTILINE,
)
_ALWAYS_HTML = frozenset({"html", "head", "body"})
_VOID = frozenset({"area", "base", "embed", "link", "meta", "param", "source", "track"})


def hide_characters(markdown: str, shield: Shield) -> str:
    """Return ``markdown`` with the private characters of ``shield`` in place of such text."""
    hidden = markdown
    if "://" in hidden or "www." in hidden:
        hidden = _hide_in_addresses(hidden, shield)
    if "~" in hidden:
        hidden = _TILDE.sub(shield.tilde, hidden)
    if "<" in hidden:
        hidden = _hide_placeholders(hidden, shield)
    if not hidden.isascii():
        hidden = _join_emphasis(hidden, shield)
    if hidden is not markdown:
        shield.is_used = True
    return hidden


def _hide_in_addresses(markdown: str, shield: Shield) -> str:
    hidden = {ord("*"): shield.asterisk, ord("_"): shield.underscore, ord("~"): shield.tilde}

    def hide(match: re.Match[str]) -> str:
        address = match[0]
        if "*" not in address and "_" not in address and "~" not in address:
            return address
        before = markdown[max(0, match.start() - 2) : match.start()]
        end = address_end(address)
        if before[-1:] in {"*", "_", "~"}:  # a delimiter before an address ends it
            end = min(end, address.find(before[-1]) % (len(address) + 1))
        return address[:end].translate(hidden) + address[end:] if before != "](" else address

    return ADDRESS.sub(hide, markdown)


def _hide_placeholders(markdown: str, shield: Shield) -> str:
    def hide(match: re.Match[str]) -> str:
        name = match["name"].lower()
        if name in PASSED or name in _ALWAYS_HTML:
            return match[0]
        if name in HTML_NAMES:
            after = match["after"].lower()
            is_prose = bool(after.strip()) and not after.lstrip().startswith("<") and f"</{name}" not in after
            if not is_prose and name not in _VOID:
                return match[0]
        return f"{match['before']}{shield.less_than}{match['tag']}{match['after']}"

    return _LINE_TAG.sub(hide, markdown)


def _join_emphasis(markdown: str, shield: Shield) -> str:
    last = len(markdown)

    def join(match: re.Match[str]) -> str:
        start, end = match.span()
        if start == 0 or end == last:
            before, after = markdown[start - 1 : start], markdown[end : end + 1]
        else:
            before, after = markdown[start - 1], markdown[end]
        if before.isascii() and after.isascii():
            return match[0]
        run = match[0]
        joins_before = bool(_IS_CJK_PUNCTUATION.match(before)) or (_is_punctuation(before) and _is_cjk(after))
        joins_after = bool(_IS_CJK_PUNCTUATION.match(after)) or (_is_punctuation(after) and _is_cjk(before))
        return f"{shield.joiner if joins_before else ''}{run}{shield.joiner if joins_after else ''}"

    return _RUN.sub(join, markdown)


def _is_cjk(character: str) -> bool:
    return _IS_CJK.match(character) is not None


def _is_punctuation(character: str) -> bool:
    return bool(character) and unicodedata.category(character)[0] in "PS"

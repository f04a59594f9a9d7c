"""A reader of HTML that finds elements, text and active content."""

import unicodedata
from html.parser import HTMLParser
from typing import Self

_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)

_SAFE_SCHEMES = frozenset({"http", "https", "mailto", "tel"})

_LINKS = frozenset({"href", "src", "action", "formaction", "xlink:href"})

_LIVE_TAGS = frozenset({"script", "style", "iframe", "object", "embed", "form", "svg", "math", "base", "link", "meta"})


class Markup(HTMLParser):
    """Tags, text and balance of a piece of HTML."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.text = ""
        self.dangers: list[str] = []
        """Content that can run in a page: tags, event attributes, links."""
        self._open: list[str] = []
        self._crossed = False

    @classmethod
    def of(cls, html: str) -> Self:
        markup = cls()
        markup.feed(html)
        markup.close()
        return markup

    @property
    def balanced(self) -> bool:
        """Every element is closed, in the order in which it was opened."""
        return not self._open and not self._crossed

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in _VOID:
            self._open.append(tag)
        if tag in _LIVE_TAGS:
            self.dangers.append(f"<{tag}>")
        self.dangers += [f"{name}={value!r}" for name, value in attrs if _is_dangerous(name, value or "")]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)  # HTML has no self-closing elements: <p/> opens a paragraph

    def handle_endtag(self, tag: str) -> None:
        if self._open and self._open[-1] == tag:
            self._open.pop()
        else:
            self._crossed = True

    def handle_data(self, data: str) -> None:
        self.text += data


def _is_dangerous(name: str, value: str) -> bool:
    if name.startswith("on"):
        return True
    if name not in _LINKS:
        return False
    # Browsers ignore such characters in a scheme.
    url = "".join(character for character in value if unicodedata.category(character)[0] not in "CZ")
    scheme, colon, _ = url.partition(":")
    is_relative = not colon or any(mark in scheme for mark in "/?#")
    return not is_relative and scheme.lower() not in _SAFE_SCHEMES

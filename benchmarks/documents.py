"""Rich documents of any size: the same size and kind always give the same document."""

import random
from collections.abc import Callable, Iterator

from service.protocol.messages import ContentType

_SEED = 241
_LATIN = """
service editor stream content paragraph sentence reader writes answer table figure margin quarter customer proposal
delivery schedule naïve café über façade résumé the a of and to in that with for on as by an is was don't re-read
state-of-the-art 3.14 2,500 e.g. Dr. Smith €120 10%
"""
_VOCABULARY = f"{_LATIN} A&B <tag> 👩‍💻 🇪🇺 東京の会議 ภาษาไทย"


class _Author:
    """Writes blocks from one sequence of random numbers."""

    def __init__(self, vocabulary: str) -> None:
        self._vocabulary = vocabulary.split()
        self._chance = random.Random(_SEED)  # noqa: S311  # repeatable on purpose

    def pick(self, *choices: str) -> str:
        return self._chance.choice(choices)

    def number(self, least: int, most: int) -> int:
        return self._chance.randint(least, most)

    def words(self, least: int, most: int) -> str:
        return " ".join(self._chance.choices(self._vocabulary, k=self._chance.randint(least, most)))

    def sentence(self, mark: Callable[[str], str]) -> str:
        """Words, some of them marked up, and a punctuation mark."""
        marked = mark(self.words(1, 3)) + " " if self._chance.random() < 0.4 else ""
        beginning = self.words(3, 9)
        return f"{beginning[0].upper()}{beginning[1:]} {marked}{self.words(2, 8)}{self.pick('.', '.', '.', '!', '?')}"

    def paragraph(self, mark: Callable[[str], str]) -> str:
        return " ".join(self.sentence(mark) for _ in range(self._chance.randint(2, 6)))


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _text_blocks(author: _Author) -> Iterator[str]:
    while True:
        yield author.paragraph(str) + "\n\n"
        yield f"{author.words(2, 5)}:\n\t- {author.words(3, 8)}\n\t- {author.words(3, 8)}\n\n"


def _html_blocks(author: _Author) -> Iterator[str]:
    def mark(text: str) -> str:
        inner = _escape(text)
        return author.pick(
            f"<strong>{inner}</strong>",
            f"<em>{inner}</em>",
            f'<a href="https://example.com/a?b=1&amp;c=2">{inner}</a>',
            f'<span style="color: #b00020; font-weight: bold">{inner}</span>',
            f"<code>{inner}</code>",
        )

    def paragraph() -> str:
        return author.paragraph(mark).replace("<tag>", "&lt;tag&gt;")  # the bare words, as the marks are escaped

    def words() -> str:
        return _escape(author.words(3, 8))

    while True:
        yield f"<h2>{words()}</h2>\n"
        yield f"<p>{paragraph()}</p>\n<p>{paragraph()}</p>\n"
        yield f"<ul><li>{words()}</li><li>{paragraph()}<ol><li>{words()}</li></ol></li></ul>\n"
        cells = "".join(f'<td style="text-align: right">{words()}</td>' for _ in range(3))
        head = f"<thead><tr><th>{words()}</th></tr></thead>"
        yield f"<table>{head}<tbody><tr>{cells}</tr><tr>{cells}</tr></tbody></table>\n"
        yield f"<blockquote><p>{paragraph()}</p></blockquote>\n"
        yield f'<pre><code class="language-python">if a &lt; b:\n    {words()}\n</code></pre>\n'
        yield f'<p onclick="x()"><script>alert(1)</script>{words()}<img src="https://example.com/i.png" alt="i"></p>\n'


def _styled_blocks(author: _Author) -> Iterator[str]:
    def length() -> str:
        return f"{author.number(0, 400) / 10}{author.pick('px', 'em', 'pt', '%')}"

    def colour() -> str:
        red, green, blue = (author.number(0, 255) for _ in range(3))
        return author.pick(f"#{red:02x}{green:02x}{blue:02x}", f"rgb({red}, {green}, {blue})", f"hsl({red} 50% 50%)")

    def style() -> str:
        one = author.pick("color", "background-color", "border-color")
        two = author.pick("font-size", "line-height", "letter-spacing", "padding", "margin-left", "text-indent")
        three = author.pick(
            "font-weight: bold", "font-style: italic", "font-family: 'Fira Sans', serif", "opacity: 0.9"
        )
        return f'style="{one}: {colour()}; {two}: {length()}; {three}"'

    def text() -> str:
        return _escape(author.words(2, 6))

    def marked() -> str:
        element = author.pick("span", "strong", "em", "u", "code", "mark")
        return f"<{element} {style()}>{text()}</{element}>"

    while True:
        yield f"<h3 {style()}>{text()}</h3>\n"
        yield f"<p {style()}>{_escape(author.words(2, 5))} {' '.join(marked() for _ in range(6))}</p>\n"
        cells = "".join(f"<td {style()}>{marked()}</td>" for _ in range(4))
        yield f"<table><tbody><tr {style()}>{cells}</tr></tbody></table>\n"
        yield f"<ul><li {style()}><p>{marked()} {text()}</p></li><li>{text()} {marked()}</li></ul>\n"
        yield f"{marked()} {text()} {marked()}<br>{text()}\n"


def _markdown_blocks(author: _Author) -> Iterator[str]:
    def mark(text: str) -> str:
        return author.pick(
            f"**{text}**", f"*{text}*", f"[{text}](https://example.com/a?b=1&c=2)", "`code()`", f"~~{text}~~"
        )

    while True:
        yield f"## {author.words(2, 6)}\n\n"
        yield f"{author.paragraph(mark)}\n\n{author.paragraph(mark)}\n\n"
        yield f"- {author.words(3, 8)}\n- {author.sentence(mark)}\n    1. {author.words(3, 8)}\n\n"
        yield f"- [x] {author.words(3, 8)}\n- [ ] {author.words(3, 8)}\n\n"
        row = f"| {author.words(1, 4)} | {author.words(1, 4)} | {author.words(1, 4)} |\n"
        yield f"| one | two | three |\n| --- | :-: | --: |\n{row}{row}\n"
        yield f"> {author.sentence(mark)}\n\n"
        yield f"```python\nif a < b:\n    {author.words(3, 8)}\n```\n\n"


_BLOCKS = {ContentType.TEXT: _text_blocks, ContentType.HTML: _html_blocks, ContentType.MARKDOWN: _markdown_blocks}


def document(content_type: ContentType, size_bytes: int) -> str:
    """Every construct of the content type, in many scripts."""
    return _up_to(size_bytes, _BLOCKS[content_type](_Author(_VOCABULARY)))


def latin_text(size_bytes: int) -> str:
    """Text in the Latin script, with accents."""
    return _up_to(size_bytes, _text_blocks(_Author(_LATIN)))


def styled_html(size_bytes: int) -> str:
    """HTML with styles that are nearly all different."""
    return _up_to(size_bytes, _styled_blocks(_Author(_VOCABULARY)))


def _up_to(size_bytes: int, blocks: Iterator[str]) -> str:
    """Whole blocks, at most and nearly that number of bytes in UTF-8."""
    parts: list[str] = []
    left = size_bytes
    for block in blocks:
        left -= len(block.encode())
        if left < 0:
            break
        parts.append(block)
    return "".join(parts)

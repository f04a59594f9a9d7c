"""The parser's events as HTML."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from service.content.markdown.bare_links import escape_text, href, linked
from service.content.markdown.blocks import NESTED, Blocks
from service.content.markdown.lists import OpenList
from service.content.markdown.shield import Formula, Shield
from service.content.markdown.tables import OpenTable

_INLINE_TAGS = {
    "Emphasis": ("<em>", "</em>"),
    "Strong": ("<strong>", "</strong>"),
    "Strikethrough": ("<del>", "</del>"),
}
_HEADING_TAGS = {f"H{level}": (f"<h{level}>", f"</h{level}>\n") for level in range(1, 7)}
_QUOTE = "<blockquote>\n"
_CALLOUT = re.compile(r"\[!(note|tip|important|warning|caution)\](?:[ \t]+|\Z)", re.IGNORECASE)

_Handlers = Mapping[str, Callable[["HtmlRenderer", Any], None]]


class HtmlRenderer:
    """Renders one document.

    Without a shield the result is that of CommonMark and of the parser's extensions, and nothing else.
    """

    def __init__(self, shield: Shield | None = None) -> None:
        self._shield = shield
        self._blocks = Blocks()
        self._run = self._blocks.run
        self._table: OpenTable | None = None
        self._link_depth = 0
        self._inline_depth = 0
        self._images: list[dict[str, str]] = []
        self._alternative: list[str] = []
        """The text in the open images."""
        self._in_code = self._in_html = False
        self._allows_block = True
        """Whether a block may be in the run: it is not that of a heading or cell."""
        self._may_be_callout = False

    def render(self, events: Iterable[Any]) -> str:
        """Return the HTML of ``events``, which are read one by one."""
        handlers = self._HANDLERS
        for event in events:
            if isinstance(event, str):
                self._break(event)
            else:
                ((kind, value),) = event.items()
                handlers[kind](self, value)
        return self._blocks.html()

    def leaves_open(self) -> bool:
        """Return whether a tag in a line has no end tag yet, which a later block may have."""
        return self._blocks.raw_tags.has_open()

    def _restored(self, text: str) -> str:
        return text if self._shield is None else self._shield.restored(text)

    def _restored_value(self, text: str) -> str:
        return text if self._shield is None else self._shield.restored(text, escaped=True)

    def _append(self, html: str) -> None:
        if not self._images:
            self._run.append(html)

    # Text

    def _text(self, text: str) -> None:
        if self._in_code:
            self._blocks.out.append(escape_text(self._restored(text)))
        elif self._in_html:
            self._html_line(text)
        elif self._images:
            self._alternative.append(self._restored(text))
        elif self._shield is None:
            self._run.append(escape_text(text))
        else:
            self._blocks.settle_run()
            if self._may_be_callout:
                text = self._without_callout(text)
            if self._shield.formula in text:
                for part in self._shield.parts(text):
                    self._blocks.settle_run()
                    self._run.append(self._part(part))
            else:
                self._run.append(self._part(text))

    def _part(self, part: str | Formula) -> str:
        if isinstance(part, Formula):
            as_block = part.is_displayed() and self._allows_block and not self._inline_depth
            html = part.html(as_block=as_block)
            return f"{NESTED}{html}{NESTED}" if as_block else html
        if not self._link_depth and ("@" in part or "://" in part or "ww." in part or "WW." in part):
            return linked(part, self._restored)
        return escape_text(part)

    def _without_callout(self, text: str) -> str:
        """Turn the open quotation into a callout if ``text`` begins like one."""
        self._may_be_callout = False
        callout = _CALLOUT.match(text)
        if callout is None:
            return text
        self._blocks.out[-2] = _callout(callout[1])
        return text[callout.end() :]

    def _code(self, text: str) -> None:
        text = self._restored(text)
        if self._images:
            self._alternative.append(text)
        else:
            self._run.append(f"<code>{escape_text(text)}</code>")

    def _html_line(self, html: str) -> None:
        self._blocks.out.append(self._restored(html))

    def _inline_html(self, tag: str) -> None:
        tag = self._restored(tag)
        if self._images:
            self._alternative.append(tag)
        elif self._shield is None:
            self._run.append(tag)
        else:
            self._blocks.raw_tags.add(tag, self._run)

    def _break(self, event: str) -> None:
        if event == "Rule":
            self._blocks.begin()
            self._blocks.out.append("<hr />\n")
        elif self._images:
            self._alternative.append(" ")
        elif event == "HardBreak":
            self._run.append("<br />\n")
        elif self._run != [""]:  # what is left of the line with the kind of a callout
            self._run.append("\n")

    # Elements

    def _start(self, tag: str | dict[str, Any]) -> None:
        if isinstance(tag, str):
            tags = _INLINE_TAGS.get(tag)
            if tags is None:
                self._STARTS[tag](self, None)
                return
            self._inline_depth += 1
            self._append(tags[0])
        else:
            ((name, value),) = tag.items()
            self._STARTS[name](self, value)

    def _end(self, tag: str | dict[str, Any]) -> None:
        name = tag if isinstance(tag, str) else next(iter(tag))
        tags = _INLINE_TAGS.get(name)
        if tags is None:
            self._ENDS[name](self, tag)
            return
        self._inline_depth -= 1
        self._append(tags[1])

    def _start_paragraph(self, _: object) -> None:
        out = self._blocks.out
        self._blocks.begin()
        self._may_be_callout = bool(out) and out[-1] is _QUOTE
        out.append("<p>")

    def _end_paragraph(self, _: object) -> None:
        self._may_be_callout = False
        self._blocks.end_paragraph()

    def _start_heading(self, heading: dict[str, str]) -> None:
        self._allows_block = False
        self._blocks.begin()
        self._blocks.out.append(_HEADING_TAGS[heading["level"]][0])

    def _end_heading(self, heading: dict[str, str]) -> None:
        self._allows_block = True
        self._blocks.end(_HEADING_TAGS[heading["Heading"]][1])

    def _start_quote(self, kind: str | None) -> None:
        self._blocks.begin()
        self._blocks.out.append(_QUOTE if kind is None else _callout(kind))

    def _start_code(self, kind: str | dict[str, str]) -> None:
        words = [] if isinstance(kind, str) else self._restored(kind["Fenced"]).split(maxsplit=1)
        attribute = f' class="language-{escape_text(words[0])}"' if words else ""
        self._blocks.begin()
        self._blocks.out.append(f"<pre><code{attribute}>")
        self._in_code = True

    def _end_code(self, _: object) -> None:
        out = self._blocks.out
        if not out[-1].endswith(("\n", ">")):  # the last line of the document may have no end
            out.append("\n")
        out.append("</code></pre>\n")
        self._in_code = False

    def _start_html(self, _: object) -> None:
        self._blocks.begin()
        self._in_html = True

    def _end_html(self, _: object) -> None:
        self._blocks.begin()
        self._in_html = False

    def _start_list(self, start: int | None) -> None:
        self._blocks.begin()
        self._blocks.lists.append(OpenList(self._blocks.out, start))

    def _start_item(self, _: object) -> None:
        self._blocks.begin()
        self._blocks.lists[-1].add_item(self._blocks.out)

    @property
    def _open_table(self) -> OpenTable:
        assert self._table is not None, "rows and cells are in a table"
        return self._table

    def _start_table(self, alignments: tuple[str, ...]) -> None:
        self._blocks.begin()
        self._table = OpenTable(self._blocks.out, alignments)

    def _start_row(self, _: object) -> None:
        self._blocks.settle()
        self._open_table.start_row(self._blocks.out)

    def _start_cell(self, _: object) -> None:
        self._allows_block = False
        self._open_table.start_cell(self._blocks.out)

    def _end_cell(self, _: object) -> None:
        self._allows_block = True
        self._blocks.end(self._open_table.end_cell())

    def _start_link(self, link: dict[str, str]) -> None:
        self._link_depth += 1
        self._inline_depth += 1
        scheme = "mailto:" if link["link_type"] == "Email" else ""
        url = href(scheme + self._restored_value(link["dest_url"]))
        self._append(f'<a href="{url}"{self._title(link)}>')

    def _end_link(self, _: object) -> None:
        self._link_depth -= 1
        self._inline_depth -= 1
        self._append("</a>")

    def _end_image(self, _: object) -> None:
        image = self._images.pop()
        if self._images:
            return
        text = escape_text("".join(self._alternative))
        self._alternative.clear()
        source = href(self._restored_value(image["dest_url"]))
        self._run.append(f'<img src="{source}" alt="{text}"{self._title(image)} />')

    def _title(self, link: dict[str, str]) -> str:
        title = link["title"]
        return f' title="{escape_text(self._restored_value(title))}"' if title else ""

    # A table in each instance would refer to it, and memory would not be freed before a garbage collection.

    _HANDLERS: ClassVar[_Handlers] = {
        "Text": _text,
        "Code": _code,
        "Html": _html_line,
        "InlineHtml": _inline_html,
        "FootnoteReference": lambda self, label: self._append(self._blocks.notes.reference(label)),
        "TaskListMarker": lambda self, checked: self._blocks.lists[-1].check(self._blocks.out, checked=checked),
        "Start": _start,
        "End": _end,
    }
    _STARTS: ClassVar[_Handlers] = {
        "Paragraph": _start_paragraph,
        "Heading": _start_heading,
        "BlockQuote": _start_quote,
        "CodeBlock": _start_code,
        "HtmlBlock": _start_html,
        "List": _start_list,
        "Item": _start_item,
        "FootnoteDefinition": lambda self, label: self._blocks.start_note(label),
        "Link": _start_link,
        "Image": lambda self, image: self._images.append(image),
        "Table": _start_table,
        "TableHead": lambda self, _: self._open_table.start_head(self._blocks.out),
        "TableRow": _start_row,
        "TableCell": _start_cell,
    }
    _ENDS: ClassVar[_Handlers] = {
        "Paragraph": _end_paragraph,
        "Heading": _end_heading,
        "BlockQuote": lambda self, _: self._blocks.end("</blockquote>\n"),
        "CodeBlock": _end_code,
        "HtmlBlock": _end_html,
        "List": lambda self, _: self._blocks.lists.pop().close(self._blocks.out),
        "Item": lambda self, _: self._blocks.end_item(),
        "FootnoteDefinition": lambda self, _: self._blocks.end_note(),
        "Link": _end_link,
        "Image": _end_image,
        "Table": lambda self, _: self._open_table.close(self._blocks.out),
        "TableHead": lambda self, _: self._open_table.end_head(self._blocks.out),
        "TableRow": lambda self, _: self._blocks.out.append("</tr>\n"),
        "TableCell": _end_cell,
    }


def _callout(kind: str) -> str:
    word = kind.capitalize()
    return f'<blockquote data-type="callout" data-callout-type="{word.lower()}">\n<p><strong>{word}</strong></p>\n'

"""The nodes of editors that HTML has no element for: elements with ``data-`` attributes, in one table.

The names and values are those that the editors write and read back. Left out is what carries an address (``data-src``,
``data-url``), markup (``data-trix-attachment``), the state of a view, or an instruction that a framework executes.
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from service.content.html.rule import (
    BOOLEAN,
    COLOUR,
    COUNT,
    EMOJI,
    FLAG,
    FORMULA,
    IDENTIFIER,
    LABEL,
    LATEX,
    SYMBOL,
    WORD,
    Pattern,
    either,
    one_of,
)


class EditorNode(Struct, frozen=True):
    """The elements of a node or mark, and the attributes that it has."""

    meaning: str
    elements: str
    """Separated by spaces."""
    attributes: Mapping[str, Pattern]
    editors: str
    page: bool = False
    """Whether ``page`` keeps it too."""


def _type(*values: str, **attributes: Pattern) -> dict[str, Pattern]:
    """Return ``data-type`` with its values, and other ``data-`` attributes, whose names are written with ``_``."""
    return {"data-type": one_of(*values)} | _data(**attributes)


def _data(**attributes: Pattern) -> dict[str, Pattern]:
    return {f"data-{name.replace('_', '-')}": rule for name, rule in attributes.items()}


NODES: Sequence[EditorNode] = (
    EditorNode(
        "mention",
        "a span",
        _type("mention", id=IDENTIFIER, label=LABEL, mention_suggestion_char=SYMBOL),
        "Tiptap",
    ),
    EditorNode(
        "mention of a user or page",
        "a span",
        _data(entity_type=WORD, entity_id=IDENTIFIER, slug_id=IDENTIFIER, creator_id=IDENTIFIER),
        "Docmost",
    ),
    EditorNode(
        "mention",
        "a span",
        _type("user", "document", "collection", "group", id=IDENTIFIER, actorid=IDENTIFIER),
        "Outline",
    ),
    EditorNode("mention", "span", _data(mention=LABEL), "CKEditor"),
    EditorNode("mention", "span", _data(denotation_char=SYMBOL, id=IDENTIFIER, value=LABEL), "Quill"),
    EditorNode("mention", "span", _data(lexical_mention=one_of("true")), "Lexical"),
    EditorNode("emoji", "span", _type("emoji", name=WORD), "Tiptap"),
    EditorNode("formula in a line", "span", _type("inline-math", "inlineMath", "mathInline", latex=LATEX), "Tiptap"),
    EditorNode("formula on its own", "div", _type("block-math", "blockMath", "mathBlock", latex=LATEX), "Tiptap"),
    EditorNode("formula", "div span", _data(katex=one_of("true")), "Docmost"),
    EditorNode("formula", "span", _type("math_inline", value=FORMULA), "Milkdown"),
    EditorNode("formula", "div", _type("math_block", value=FORMULA), "Milkdown"),
    EditorNode("formula", "span", _data(value=FORMULA), "Quill"),
    EditorNode("details", "details", _type("details"), "Tiptap, Docmost"),
    EditorNode("summary of details", "summary", _type("detailsSummary"), "Docmost"),
    EditorNode("content of details", "div", _type("detailsContent"), "Tiptap, Docmost"),
    EditorNode(
        "callout",
        "div aside blockquote",
        _type("callout", callout_type=WORD, callout_emoji=EMOJI, callout_icon=EMOJI),
        "Docmost and other editors on Tiptap, Remirror",
    ),
    EditorNode("task list", "ul", _type("taskList"), "Tiptap", page=True),
    EditorNode("task", "li", _type("taskItem", checked=BOOLEAN), "Tiptap", page=True),
    EditorNode("list item", "li", _data(list=one_of("bullet", "ordered", "checked", "unchecked")), "Quill"),
    EditorNode("task", "li", _data(item_type=one_of("task"), checked=BOOLEAN), "Milkdown"),
    EditorNode(
        "task", "li", {"role": one_of("checkbox"), "aria-checked": BOOLEAN}, "Lexical, other editors", page=True
    ),
    EditorNode("language of a code block", "pre code div", _data(language=WORD), "Quill, BlockNote, Lexical"),
    EditorNode("language of a code block", "pre code", _data(highlight_language=WORD), "Lexical"),
    EditorNode("highlight", "mark", _data(color=COLOUR), "Tiptap"),
    EditorNode("row of a cell", "td th", _data(row=IDENTIFIER), "Quill"),
    EditorNode("background of a cell", "td th", _data(background_color=COLOUR), "Docmost"),
    EditorNode(
        "colour of text",
        "span",
        _data(style_type=one_of("textColor", "backgroundColor"), value=COLOUR),
        "BlockNote",
    ),
    EditorNode(
        "block",
        "p h1 h2 h3 h4 h5 h6 blockquote li",
        _data(
            text_color=COLOUR,
            background_color=COLOUR,
            text_alignment=one_of("left", "center", "right", "justify"),
        ),
        "BlockNote",
    ),
    EditorNode("columns", "div", _type("columns", "columnBlock", "column", layout=WORD), "Tiptap, Docmost"),
    EditorNode("page break", "div", _type("pageBreak", "page-break", page_break=FLAG), "Docmost, BlockNote"),
    EditorNode("rule", "div hr", _type("horizontalRule", "hr"), "Tiptap, Milkdown"),
    EditorNode(
        "footnote",
        "sup a li section div dl",
        _type("footnote", "footnotes", "footnote_reference", "footnote_definition", label=LABEL),
        "Milkdown, other editors",
    ),
    EditorNode("status", "span", _type("status", color=COLOUR), "Docmost"),
    EditorNode("indent", "p h1 h2 h3 h4 h5 h6 li", _data(indent=COUNT), "editors on Tiptap"),
)


def is_value_of_node(attributes: Mapping[str, str]) -> bool:
    """Return whether the allowed ``attributes`` may have this ``data-value`` together: only a formula may have LaTeX.

    The mention of Quill inserts its value as HTML. The first of its classes determines the node.
    """
    classes = attributes.get("class", "").split()
    is_formula = "ql-formula" in classes or attributes.get("data-type") in {"math_inline", "math_block"}
    return (is_formula and "mention" not in classes) or LABEL.matches(attributes["data-value"])


def data_attributes(nodes: Iterable[EditorNode]) -> dict[str, dict[str, Pattern]]:
    """Return the rules of ``nodes`` by attribute, by element."""
    found: dict[str, dict[str, list[Pattern]]] = {}
    for node in nodes:
        for element in node.elements.split():
            for attribute, rule in node.attributes.items():
                found.setdefault(element, {}).setdefault(attribute, []).append(rule)
    return {
        element: {attribute: either(*rules) for attribute, rules in attributes.items()}
        for element, attributes in found.items()
    }

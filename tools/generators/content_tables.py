"""The tables of docs/content.md, from ``service.content``."""

import ast
import inspect
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from itertools import groupby
from operator import itemgetter

from service.content.html import classes, elements
from service.content.html.nodes import NODES
from service.content.html.policy import EDITOR, PAGE
from service.content.html.removal import Removal
from service.content.html.rule import Pattern, Rule
from service.content.html.style.properties import OF_KIND, STYLE_RULES, Components, Sides, ValueRule
from tools.generators.markdown import codes, table, with_blocks

_PATH = "docs/content.md"
_OF_NODES = frozenset(attribute for node in NODES for attribute in node.attributes)


def content_tables() -> dict[str, str]:
    blocks = {
        "elements": _elements(),
        "changed-elements": _changed_elements(),
        "attributes": table(("Element", "Attribute", "Value", "Policy"), _attributes()),
        "nodes": table(("Node", "Elements", "Attributes", "Written by", "Policy"), _nodes()),
        "classes": table(("Classes", "Written by", "Policy"), _classes()),
        "styles": table(("Properties", "Value", "Policy"), _styles()),
        "styles-by-kind": table(("Elements", "Properties", "Value"), _styles_by_kind()),
        "removals": table(("Kind", "Counted"), _members(Removal)),
    }
    return {_PATH: with_blocks(_PATH, blocks)}


def _policies(*, page: bool) -> str:
    return "both" if page else "`editor`"


def _elements() -> str:
    return table(
        ("Elements", "Names"),
        (
            ("in a line of text", codes(sorted(elements.TEXT_ELEMENTS))),
            ("blocks", codes(sorted(elements.BLOCK_ELEMENTS))),
            ("tables", codes(sorted(elements.TABLE_ELEMENTS))),
        ),
    )


def _changed_elements() -> str:
    renamed = elements.RENAMED
    by_result = groupby(sorted(renamed, key=lambda name: (_result(name), name)), _result)
    inside = "; ".join(f"in `{outer}`: {codes(sorted(inner))}" for outer, inner in elements.DROPPED_INSIDE.items())
    return table(
        ("Elements", "Become"),
        (
            *((codes(group), result) for result, group in by_result),
            (codes(elements.EMBEDS), f"a link to the address in {_any(sorted(set(elements.EMBEDS.values())))}"),
            (f"{codes(sorted(elements.DROPPED_WITH_CONTENT))}; {inside}", "nothing: dropped with their content"),
            ("any other", "their content: only the tags are dropped"),
        ),
    )


def _result(name: str) -> str:
    renamed = elements.RENAMED[name]
    return f"`{renamed.name}`" + (f" with `{renamed.style}`" if renamed.style else "")


def _attributes() -> Iterator[tuple[str, ...]]:
    """One row for each attribute of each group of elements with the same rule; those of nodes have their own table."""
    rows: dict[tuple[str, Rule], list[str]] = {}
    for element, rules in EDITOR.attributes.items():
        for attribute, rule in rules.items():
            if attribute not in _OF_NODES:
                rows.setdefault((attribute, rule), []).append(element)
    for (attribute, rule), names in rows.items():
        page = attribute in PAGE.attributes.get(names[0], ())
        yield "any" if names == ["*"] else codes(names), f"`{attribute}`", _words(rule), _policies(page=page)


def _nodes() -> Iterator[tuple[str, ...]]:
    for node in NODES:
        attributes = "; ".join(f"`{name}`: {_words(rule)}" for name, rule in node.attributes.items())
        yield node.meaning, codes(node.elements.split()), attributes, node.editors, _policies(page=node.page)


def _classes() -> Iterator[tuple[str, ...]]:
    prefixed = ", ".join(f"`{prefix}…`" for prefix in classes.PREFIXES)
    yield f"{prefixed}, {codes(sorted(classes.OF_CODE))}", "highlighters of code", _policies(page=True)
    for editor, names in classes.OF_EDITORS.items():
        yield codes(sorted(names)), editor, _policies(page=PAGE.classes.matches(min(names)))


def _styles() -> Iterator[tuple[str, ...]]:
    rows: dict[tuple[str, bool], list[str]] = {}
    for name, rule in STYLE_RULES.items():
        rows.setdefault((_words_of_value(rule), name in PAGE.styles), []).append(name)
    for (words, page), names in rows.items():
        yield codes(names), words, _policies(page=page)


def _styles_by_kind() -> Iterator[tuple[str, ...]]:
    for kind, rules in OF_KIND.items():
        rows: dict[str, list[str]] = {}
        for name, rule in sorted(rules.items(), key=itemgetter(0)):
            rows.setdefault("none" if rule is None else _words_of_value(rule), []).append(name)
        for words, names in rows.items():
            yield kind.value, codes(names), words


def _words_of_value(rule: ValueRule) -> str:
    match rule:
        case Pattern(words=words):
            return words
        case Sides(vertical=vertical, horizontal=horizontal):
            if vertical == horizontal:
                return f"1 to 4 of: {_words_of_value(vertical)}"
            return f"above and below: {_words_of_value(vertical)}; beside: {_words_of_value(horizontal)}"
        case Components(words=words, pattern=pattern, px=px, percent=percent, count=count):
            parts = [codes(sorted(words))] if words else []
            parts += [pattern.words] if pattern else []
            if px is not None:
                parts.append(f"{px:g}px" + (f" or {percent:g} %" if percent else "") + " at most")
            return (f"up to {count} of: " if count > 1 else "") + "; ".join(parts)


def _words(rule: Rule) -> str:
    return rule.words if isinstance(rule, Pattern) else str(rule.value)


def _any(names: Iterable[str]) -> str:
    return " or ".join(f"`{name}`" for name in names)


def _members(enumeration: type[Enum]) -> Iterator[tuple[str, str]]:
    """The members with their docstrings."""
    [definition] = ast.parse(inspect.getsource(enumeration)).body
    assert isinstance(definition, ast.ClassDef)
    texts: Mapping[str, str] = {
        statement.targets[0].id: str(following.value.value)
        for statement, following in zip(definition.body, definition.body[1:], strict=False)
        if isinstance(statement, ast.Assign)
        and isinstance(statement.targets[0], ast.Name)
        and isinstance(following, ast.Expr)
        and isinstance(following.value, ast.Constant)
    }
    for member in enumeration:
        text = " ".join(texts[member.name].split()).replace("``", "`").rstrip(".")
        yield f"`{member.value}`", text[0].lower() + text[1:]

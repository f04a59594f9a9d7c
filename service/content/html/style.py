"""Values of ``style`` attributes, checked token by token with a CSS tokenizer."""

import re
from collections.abc import Sequence
from itertools import pairwise

import tinycss2
from tinycss2.ast import Declaration, DimensionToken, FunctionBlock, LiteralToken, Node, ParenthesesBlock, StringToken

from service.content.html.policy import STYLE_FUNCTIONS, STYLE_PROPERTIES

_MAX_FUNCTION_DEPTH = 8
_PLAIN_TOKENS = frozenset({"ident", "number", "percentage", "hash", "whitespace"})
_MAY_PRECEDE_BRACKET = frozenset({"literal", "whitespace"})
_PLAIN_LITERALS = frozenset({",", "/", "+", "-", "*"})
# The serializer escapes a lone "e", which would otherwise read as an exponent.
_UNIT = re.compile(r"(?!e\Z)[a-z]{1,5}")
_PLAIN_STRING = re.compile(r"[^()<>\\\"'@{};:]*")
# With these, a style may have one meaning for the tokenizer and another for an old browser or another parser. The
# number of digits is one that the tokenizer may fail to read.
_AMBIGUOUS = re.compile(r"[\\<>@{}]|/\*|[\x00-\x08\x0b\x0e-\x1f\x7f]|[0-9]{100}")
_COLOUR = re.compile(r"#[0-9A-Fa-f]{3,8}\b")
_FIGURE = re.compile(r"[0-9]+")
_SPACE = " \t\n\f\r"
_EMPTY = ";" + _SPACE


class StyleFilter:
    """Filter of styles for one content; it caches results. Linear in time."""

    def __init__(self) -> None:
        self._results: dict[str, str | None] = {}
        self._shapes: dict[str, bool] = {}
        """Whether a declaration is allowed, by its text without digits and colours, which do not matter."""

    def allowed(self, style: str) -> str | None:
        """Return the allowed declarations of ``style``, ``None`` if there is none.

        The style is returned unchanged if all are allowed. Filtering it again changes nothing.
        """
        if style not in self._results:
            self._results[style] = self._filtered(style)
        return self._results[style]

    def _filtered(self, style: str) -> str | None:
        if not style.strip(_EMPTY) or _AMBIGUOUS.search(style):
            return None
        if all(map(self._is_whole_and_allowed, _FIGURE.sub("0", _COLOUR.sub("#0", style)).split(";"))):
            return style
        nodes = tinycss2.parse_blocks_contents(style, skip_whitespace=True)
        allowed = [node for node in nodes if isinstance(node, Declaration) and _is_allowed(node)]
        if allowed and len(allowed) == len(nodes):
            return style
        return "; ".join(f"{node.lower_name}: {_written(node)}" for node in allowed) or None

    def _is_whole_and_allowed(self, shape: str) -> bool:
        """Return whether the text between two semicolons is one allowed declaration, or empty, in any context."""
        known = self._shapes.get(shape)
        if known is None:
            known = self._shapes[shape] = _is_closed(shape) and all(
                isinstance(node, Declaration) and _is_allowed(node)
                for node in tinycss2.parse_blocks_contents(shape, skip_whitespace=True)
            )
        return known


def _is_closed(shape: str) -> bool:
    """Return whether all brackets and strings end within it; strings that contain either are not allowed."""
    return shape.count("(") == shape.count(")") and not (shape.count('"') % 2 or shape.count("'") % 2)


def _is_allowed(declaration: Declaration) -> bool:
    return (
        not declaration.important
        and declaration.lower_name in STYLE_PROPERTIES
        and any(token.type != "whitespace" for token in declaration.value)
        and _are_plain(declaration.value, _MAX_FUNCTION_DEPTH)
    )


def _written(declaration: Declaration) -> str:
    return str(tinycss2.serialize(declaration.value)).strip(_SPACE)


def _are_plain(tokens: Sequence[Node], depth: int) -> bool:
    return all(token.type in _PLAIN_TOKENS or _is_plain(token, depth) for token in tokens) and not any(
        # "#0-url(" is not a function but looks like one.
        token.type == "() block" and before.type not in _MAY_PRECEDE_BRACKET
        for before, token in pairwise(tokens)
    )


def _is_plain(token: Node, depth: int) -> bool:
    match token:
        case DimensionToken(lower_unit=unit):
            return _UNIT.fullmatch(unit) is not None
        case LiteralToken(value=symbol):
            return symbol in _PLAIN_LITERALS
        case StringToken(value=string):
            return _PLAIN_STRING.fullmatch(string) is not None
        case FunctionBlock(lower_name=name, arguments=arguments):
            return name in STYLE_FUNCTIONS and depth > 0 and _are_plain(arguments, depth - 1)
        case ParenthesesBlock(content=content):
            return depth > 0 and _are_plain(content, depth - 1)
    return False


def hides(style: str) -> bool:
    if "none" not in style and "hidden" not in style:
        return False
    return "display:none" in style.replace(" ", "") or "visibility:hidden" in style.replace(" ", "")


def preserves_space(style: str) -> bool:
    return "white-space: pre" in style

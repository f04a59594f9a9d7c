"""Hostile values in every attribute of the nodes of editors."""

from service.content.html.nodes import NODES
from tests.unit.content.attacks.payload import IMAGE, RUN

_VALUES = (
    IMAGE,
    f"javascript:{RUN}",
    f"&quot; onclick=&quot;{RUN}",
    "{{constructor.constructor('alert(1)')()}}".replace("'", "&#39;"),
    "\\href{javascript:alert(1)}{x}",
    "https://evil.example/?secret",
    "red; background: url(//evil.example)",
)


def _attack(element: str, attribute: str, value: str) -> str:
    html = f"<{element} {attribute}='{value}'>x</{element}>"
    return f"<table><tr>{html}</table>" if element in {"td", "th"} else html


ATTACKS: dict[str, tuple[str, ...]] = {
    "values of nodes": tuple(
        _attack(element, attribute, value)
        for element, attribute in dict.fromkeys(
            (node.elements.split()[0], attribute) for node in NODES for attribute in node.attributes
        )
        for value in _VALUES
    ),
}

"""Attributes by which old HTML sets what styles set now, as declarations."""

from collections.abc import Mapping

_PROPERTIES = {"align": "text-align", "bgcolor": "background-color", "color": "color"}


def legacy_style(element: str, attributes: Mapping[str, str]) -> str:
    """Return declarations for ``attributes`` of ``element``, both as in the source; empty for none."""
    return "; ".join(
        f"{_PROPERTIES[name]}: {value}" for name, value in attributes.items() if element and name in _PROPERTIES
    )

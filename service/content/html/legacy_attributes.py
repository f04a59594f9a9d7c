"""stub"""

from collections.abc import Mapping

LEGACY = frozenset({"align", "bgcolor", "color", "face", "size"})


def legacy_style(element: str, attributes: Mapping[str, str]) -> str:
    return "; ".join(
        f"{ {'align': 'text-align', 'bgcolor': 'background-color', 'color': 'color'}[a] }: {v}"
        for a, v in attributes.items()
        if a in ("align", "bgcolor", "color")
    )

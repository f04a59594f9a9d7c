"""The table of settings in docs/configuration.md, from ``service.settings``."""

from service.settings import Settings, about
from tools.generators.markdown import table, with_blocks

_PATH = "docs/configuration.md"


def configuration() -> dict[str, str]:
    defaults = Settings.model_construct().shown()
    rows = []
    for name in Settings.model_fields:
        variable = name.upper()
        note = about(name)
        default = f"`{defaults[variable]}`" if defaults[variable] else "empty"
        rows.append((f"`{variable}`", default, note.unit, note.effect, note.allowed))
    return {_PATH: with_blocks(_PATH, {"settings": table(("Variable", "Default", "Unit", "Effect", "Allowed"), rows)})}

"""The table of settings in docs/configuration.md: ``python -m tests.ops.docs.settings_table`` writes it there."""

import re

from service.settings import Settings, about
from tests.ops.packaging.project import PROJECT

DOCUMENT = PROJECT / "docs" / "configuration.md"

_BETWEEN_MARKERS = re.compile(r"(?<=<!-- settings -->\n)[^<]*(?=<!-- /settings -->)")


def table() -> str:
    """One row for each setting, in the order of ``Settings``, with a line end after each."""
    rows = [("Variable", "Default", "Unit", "Effect", "Allowed"), ("---",) * 5]
    defaults = Settings.model_construct().shown()
    for name in Settings.model_fields:
        default = defaults[name.upper()]
        note = about(name)
        rows.append((f"`{name.upper()}`", f"`{default}`" if default else "empty", note.unit, note.effect, note.allowed))
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def with_table(readme: str) -> str:
    """The text with the table between its markers. Raises ``ValueError`` if they are not there."""
    text, count = _BETWEEN_MARKERS.subn(lambda _: table(), readme)
    if count != 1:
        raise ValueError("docs/configuration.md needs <!-- settings --> and <!-- /settings --> once each.")
    return text


if __name__ == "__main__":
    DOCUMENT.write_text(with_table(DOCUMENT.read_text()))

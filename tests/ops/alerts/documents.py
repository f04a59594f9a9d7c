"""docs/alerts.md and the runbooks, as the tests read them."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct

from tests.conftest import PROJECT

ALERTS_DOCUMENT: Final = PROJECT / "docs" / "alerts.md"
RUNBOOKS: Final = PROJECT / "docs" / "runbooks"

_ROW = re.compile(r"^\| \[(\w+)\]\(runbooks/([a-z-]+\.md)\) \| (.+) \| (.+) \| (\w+) \| (.+) \|$", re.MULTILINE)


class Row(Struct, frozen=True):
    """A row of the table of alerts."""

    runbook: Path
    condition: str
    hold: str
    severity: str
    floor: str
    """The traffic up to which the alert is silent, or "none" and the reason."""


OVERVIEW: Final[Mapping[str, Row]] = {
    name: Row(RUNBOOKS / file, *cells) for name, file, *cells in _ROW.findall(ALERTS_DOCUMENT.read_text())
}
"""By the name of the alert."""


def section(text: str, title: str) -> str:
    """The text of a section of the second level. Raises ``ValueError`` if there is not exactly one."""
    [found] = re.findall(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return str(found)

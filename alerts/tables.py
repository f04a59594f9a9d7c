"""The tables of ``docs/alerts.md`` and at the head of each runbook."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from alerts.alert import Alert
from alerts.objectives import OBJECTIVES
from alerts.quantities import percent
from alerts.rules import ALERTS
from alerts.sentry import SENTRY_RULES

DOCS: Final = Path(__file__).parents[1] / "docs"
RUNBOOKS: Final = DOCS / "runbooks"

_ALL_HEAD: Final = ("Alert", "Fires when", "For", "Severity", "Silent up to")
_HEAD: Final = ("Fires when", "For", "Severity", "Silent up to")


def documents() -> dict[Path, str]:
    """Each document with its tables as they should be. Raises ``ValueError`` if one has no place for them."""
    overview = DOCS / "alerts.md"
    texts = {overview: _with(overview.read_text(), _overview())}
    for alert in ALERTS:
        runbook = RUNBOOKS / alert.runbook
        texts[runbook] = _with(runbook.read_text(), {"alert": _table([_HEAD, _row(alert)])})
    return texts


def _overview() -> dict[str, str]:
    return {
        "alerts": _table(
            [_ALL_HEAD, *((f"[{alert.name}](runbooks/{alert.runbook})", *_row(alert)) for alert in ALERTS)]
        ),
        "objectives": _table(
            [
                ("Objective", "Of 30 days", "Budget"),
                *((one.name, one.says, f"{percent(one.budget)} of them") for one in OBJECTIVES),
            ]
        ),
        "sentry": _table(
            [
                ("Rule", "Kind", "When", "Only if", "Tell", "At most every"),
                *(
                    (f"**{rule.name}**", rule.kind, rule.when, rule.only_if, rule.receiver, rule.at_most_every)
                    for rule in SENTRY_RULES
                ),
            ]
        ),
    }


def _row(alert: Alert) -> tuple[str, ...]:
    hold = "at once" if alert.hold == "0s" else alert.hold
    return alert.when, hold, str(alert.severity), alert.floor.replace("none: ", "-: ")


def _table(rows: Iterable[tuple[str, ...]]) -> str:
    head, *others = rows
    return "".join(f"| {' | '.join(row)} |\n" for row in (head, ("---",) * len(head), *others))


def _with(text: str, tables: Mapping[str, str]) -> str:
    for name, table in tables.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        before, begun, rest = text.partition(begin)
        _, ended, after = rest.partition(end)
        if not (begun and ended):
            raise ValueError(f"A document needs {begin.strip()} and {end} on lines of their own.")
        text = f"{before}{begin}{table}{end}{after}"
    return text

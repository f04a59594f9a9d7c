"""The documents of the alerts: a runbook for each, whose names exist, and numbers that are those of the rules."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboards.catalogue import FOLDER as DASHBOARDS
from dashboards.rules import ALERTS, Alert
from observability.registry.log_events import LOG_EVENTS
from service.cli import main
from service.events import FaultSource
from service.protocol.errors import ErrorCode
from service.protocol.messages import StreamRequest
from service.settings import Settings
from tests.ops.alerts.documents import ALERTS_DOCUMENT, OVERVIEW, RUNBOOKS, section
from tests.ops.alerts.promql import parse, queries
from tests.ops.alerts.vocabulary import declared, faults

SECTIONS = ["Meaning", "Impact", "Diagnosis", "Mitigation", "Verification"]
LIBRARY_SETTINGS = {
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_HEADERS",
    "OTEL_LOGS_EXPORTER",
    "OTEL_METRICS_EXPORTER",
    "OTEL_TRACES_SAMPLER_ARG",
}
HOLDS = {
    "0s": "at once",
    "1m": "1 minute",
    "2m": "2 minutes",
    "5m": "5 minutes",
    "10m": "10 minutes",
    "15m": "15 minutes",
    "1h": "1 hour",
}
EACH_ALERT = pytest.mark.parametrize("alert", ALERTS.values(), ids=ALERTS)

_PANEL = re.compile(r"\*\*(Overview|Streams|Live|Connections|Runtime|Logs) / ([^*]+)\*\*")
_NAME = re.compile(r"`([a-z]+(?:_[a-z]+)+)`")
_VARIABLE = re.compile(r"`([A-Z]+(?:_[A-Z]+)+)`")
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?")

RUNBOOK_FILES = sorted(RUNBOOKS.glob("*.md"))
DOCUMENTS = [*RUNBOOK_FILES, ALERTS_DOCUMENT]


@pytest.fixture(params=RUNBOOK_FILES, ids=lambda path: path.stem)
def runbook(request: pytest.FixtureRequest) -> str:
    path: Path = request.param
    return path.read_text()


def panels() -> Iterator[tuple[str, str]]:
    """The first word of the dashboard and the title of each panel."""
    for file in DASHBOARDS.glob("*.json"):
        dashboard = json.loads(file.read_text())
        first = dashboard["title"].rpartition(" / ")[2].partition(" ")[0].strip(",")
        yield from ((first, panel["title"]) for panel in dashboard["panels"])


def names() -> set[str]:
    """The names of telemetry and of the protocol that a runbook may use."""
    series = declared()
    values = {value for one in series.values() for known in one.labels.values() for value in known or ()}
    labels = {label for one in series.values() for label in one.labels}
    events = {event.name for event in LOG_EVENTS} | {field.name for event in LOG_EVENTS for field in event.fields}
    return series.keys() | values | labels | events | set(FaultSource) | set(StreamRequest.__struct_fields__)


def unstated(expr: str, text: str) -> list[float]:
    """The bounds of an expression that a text does not state: as a number, a share in % or a time in ms."""
    return [
        bound
        for bound in parse(expr).bounds
        if bound and not any(re.search(rf"(?<![\d.]){re.escape(form)}(?![\d%]|\.\d)", text) for form in forms(bound))
    ]


def forms(bound: float) -> tuple[str, str, str]:
    return f"{bound:g}", f"{bound * 100:g} %", f"{bound * 1000:g} ms"


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    assert sorted(alert.runbook for alert in ALERTS.values()) == [path.name for path in RUNBOOK_FILES]


@EACH_ALERT
def test_a_runbook_is_named_after_its_alert(alert: Alert) -> None:
    file_name = re.sub(r"(?<!^)(?=[A-Z])", "-", alert.name).lower() + ".md"
    assert alert.runbook == file_name
    assert (RUNBOOKS / file_name).read_text().startswith(f"# {alert.name}\n")


@EACH_ALERT
def test_the_overview_states_the_rule(alert: Alert) -> None:
    row = OVERVIEW[alert.name]
    assert (row.runbook.name, row.hold, row.severity) == (alert.runbook, HOLDS[alert.hold], alert.severity)
    assert unstated(alert.expr, f"{row.condition} {row.floor}") == []
    allowed = {form.split()[0] for bound in parse(alert.expr).bounds for form in forms(bound)}
    windows = set(re.findall(r"(?:\[|increase|rate)(\d+)[mhd]\b", alert.expr))
    text = re.sub(r"\bp\d\d\b|\d+[mhd]\b", "", f"{row.condition} {row.floor}")
    assert set(_NUMBER.findall(text)) <= allowed | windows


@EACH_ALERT
def test_the_meaning_in_a_runbook_states_the_rule(alert: Alert) -> None:
    meaning = " ".join(section((RUNBOOKS / alert.runbook).read_text(), "Meaning").split())
    hold = HOLDS[alert.hold]
    assert (hold if hold == "at once" else f"for {hold}") in meaning.lower()
    assert re.findall(r"Severity: (\w+)\.", meaning) == [alert.severity]
    assert unstated(alert.expr, meaning) == []


def test_the_overview_has_no_other_row() -> None:
    assert list(OVERVIEW) == list(ALERTS)


@EACH_ALERT
def test_a_description_states_the_threshold(alert: Alert) -> None:
    if "threshold" in alert.annotations["description"]:
        assert unstated(alert.expr.partition("\nand on")[0], alert.annotations["description"]) == []
    elif "Burn" not in alert.name:  # a burn rate has two
        assert set(parse(alert.expr).bounds) <= {0}


def test_sentry_rules_name_sources_of_faults() -> None:
    [sources] = re.findall(r"tag `source` is `(\w+)` or `(\w+)`", section(ALERTS_DOCUMENT.read_text(), "Sentry"))
    assert set(sources) <= set(FaultSource)


def test_a_runbook_has_the_sections_of_all_runbooks(runbook: str) -> None:
    assert re.findall(r"^## (.*)$", runbook, re.MULTILINE) == SECTIONS


def test_the_queries_of_a_runbook_use_only_declared_series(runbook: str) -> None:
    found = queries(runbook)
    assert found
    for query in found:
        assert faults(query, declared()) == [], query


def test_a_runbook_names_existing_panels(runbook: str) -> None:
    named = set(_PANEL.findall(" ".join(runbook.split())))  # a name may continue in the next line
    assert named
    assert named <= set(panels())


def test_a_runbook_names_a_log_event_and_no_unknown_name(runbook: str) -> None:
    named = set(_NAME.findall(runbook))
    assert named & {event.name for event in LOG_EVENTS} or "No log event of the service" in runbook
    assert named <= names()


def test_a_runbook_names_existing_settings_and_error_codes(runbook: str) -> None:
    settings = {name.upper() for name in Settings.model_fields}
    codes = {str(code) for code in ErrorCode}
    assert set(_VARIABLE.findall(runbook)) <= settings | codes | LIBRARY_SETTINGS


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_a_command_of_the_service_exists(document: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in re.findall(r"python -m service ([a-z-]+)", document.read_text()):
        with pytest.raises(SystemExit, match="0"):
            main([command, "--help"])
        assert command in capsys.readouterr().out

"""Behind every alert stands a runbook, and what it names is there."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from alerts import thresholds
from alerts.rules import ALERTS
from alerts.tables import RUNBOOKS, documents
from dashboards.catalogue import FOLDER as DASHBOARDS
from observability.registry.log_events import LOG_EVENTS
from service.events import FaultSource
from service.protocol.errors import ErrorCode
from service.protocol.messages import StreamRequest
from service.settings import Settings
from tests.ops.alerts.promql import fenced
from tests.ops.alerts.vocabulary import declared, faults

SECTIONS = ["What the user feels", "Look first", "Tell the causes apart", "What to do", "When it is over"]
OF_LIBRARIES = {"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_TRACES_SAMPLER_ARG"}

_PANEL = re.compile(r"\*\*(Overview|Streams|Connections|Runtime) / ([^*]+)\*\*")
_NAME = re.compile(r"`([a-z]+(?:_[a-z]+)+)`")
_VARIABLE = re.compile(r"`([A-Z]+(?:_[A-Z]+)+)`")
_LINK = re.compile(r"\]\(([^)#]*)(?:#([^)]*))?\)")

RUNBOOK_FILES = sorted(RUNBOOKS.glob("*.md"))
DOCUMENTS = [*RUNBOOK_FILES, RUNBOOKS.parent / "alerts.md"]


@pytest.fixture(params=RUNBOOK_FILES, ids=lambda path: path.stem)
def runbook(request: pytest.FixtureRequest) -> str:
    path: Path = request.param
    return path.read_text()


def panels() -> Iterator[tuple[str, str]]:
    """Each panel by the first word of its dashboard and by its title."""
    for file in DASHBOARDS.glob("*.json"):
        dashboard = json.loads(file.read_text())
        first = dashboard["title"].rpartition(" / ")[2].partition(" ")[0].strip(",")
        yield from ((first, panel["title"]) for panel in dashboard["panels"])


def names() -> set[str]:
    """Whatever telemetry calls something."""
    series = declared()
    values = {value for one in series.values() for known in one.labels.values() for value in known or ()}
    labels = {label for one in series.values() for label in one.labels}
    events = {event.name for event in LOG_EVENTS} | {field.name for event in LOG_EVENTS for field in event.fields}
    return series.keys() | values | labels | events | set(FaultSource) | set(StreamRequest.__struct_fields__)


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    assert sorted(alert.runbook for alert in ALERTS) == [path.name for path in RUNBOOK_FILES]


def test_a_runbook_is_named_after_its_alert() -> None:
    for alert in ALERTS:
        assert (RUNBOOKS / alert.runbook).read_text().startswith(f"# {alert.name}\n")


def test_the_tables_say_what_the_rules_say() -> None:
    for path, text in documents().items():
        assert path.read_text() == text, f"{path.name} has another table: python -m alerts"


def test_a_runbook_answers_the_five_questions(runbook: str) -> None:
    assert re.findall(r"^## (.*)$", runbook, re.MULTILINE) == SECTIONS


def test_the_queries_of_a_runbook_ask_for_what_is_declared(runbook: str) -> None:
    queries = fenced(runbook)
    assert queries
    for query in queries:
        assert faults(query, declared()) == [], query


def test_a_runbook_names_panels_that_there_are(runbook: str) -> None:
    named = set(_PANEL.findall(" ".join(runbook.split())))  # a name may go on in the next line
    assert named
    assert named <= set(panels())


def test_a_runbook_names_a_log_event_and_nothing_unknown(runbook: str) -> None:
    named = set(_NAME.findall(runbook))
    assert named & {event.name for event in LOG_EVENTS} or "No log event of the service" in runbook
    assert named <= names()


def test_a_runbook_names_settings_and_codes_that_there_are(runbook: str) -> None:
    settings = {name.upper() for name in Settings.model_fields}
    codes = {str(code) for code in ErrorCode}
    assert set(_VARIABLE.findall(runbook)) <= settings | codes | set(vars(thresholds)) | OF_LIBRARIES


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_links_lead_somewhere(document: Path) -> None:
    for file, section in _LINK.findall(document.read_text()):
        if file.startswith("https://"):
            continue
        target = document.parent / file if file else document
        headings = re.findall(r"^#+ (.*)$", target.read_text(), re.MULTILINE)
        assert not section or section in {heading.lower().replace(" ", "-") for heading in headings}, (file, section)

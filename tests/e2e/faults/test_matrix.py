"""The rules by which a row of the matrix is judged, and the document that lists the rows."""

import re

import pytest
from msgspec.structs import replace

from dashboards.rules import ALERTS
from tests.conftest import PROJECT
from tests.e2e.faults.injections import nothing
from tests.e2e.faults.matrix import ROWS
from tests.e2e.faults.row import Figure, Row, Shown
from tests.e2e.faults.runner import Outcome
from tests.ops.alerts.documents import section
from tests.ops.dashboards.boards import PANELS

ROW = Row("a fault", nothing, alerts=frozenset({"HighMemory"}))


def sample(value: float, **labels: str) -> dict[str, object]:
    return {"metric": labels, "value": [0, str(value)]}


@pytest.mark.parametrize(
    ("panel", "normal", "fault"),
    [
        ("overview: Failed requests", 0.04, 0.05),
        ("runtime: Telemetry dropped", 0, 0.1),
        ("runtime: Instances over time", 1, 0),
        ("streams: Time to first chunk", 0.4, 0.6),  # a value has a text there, and no colour
        ("overview: Failed requests", float("nan"), 1),
    ],
)
def test_a_panel_shows_what_is_beyond_its_line_or_has_the_colour_of_a_fault(
    panel: str, normal: float, fault: float
) -> None:
    assert not Shown(panel).by(sample(normal))
    assert Shown(panel).by(sample(fault))


def test_a_panel_shows_a_fault_in_the_series_with_the_labels_of_the_row() -> None:
    shown = Shown("runtime: Dependencies over time", {"dependency": "database"})
    assert shown.by(sample(0, dependency="database", instance="one"))
    assert not shown.by(sample(0, dependency="plan_cache", instance="one"))


def test_a_figure_without_a_tolerance_is_exact() -> None:
    counted = Figure("streams", "x", lambda *_: 0)
    assert [counted.agrees(service, 100) for service in (99, 100, 101)] == [False, True, False]
    measured = Figure("seconds", "x", lambda *_: 0, tolerance=0.1)
    assert [measured.agrees(service, 100) for service in (89, 90, 110, 111)] == [False, True, True, False]


def test_an_alert_that_is_not_of_the_row_is_false() -> None:
    outcome = Outcome(notified={"HighMemory": 1, "ServiceDown": 2, "EventLoopLag": 3})
    assert outcome.false(ROW) == {"ServiceDown", "EventLoopLag"}


@pytest.mark.parametrize(
    ("seconds", "false"),
    [(0, {"EventLoopLag", "ServiceDown", "Restarting"}), (0.5, {"ServiceDown", "Restarting"}), (2, {"Restarting"})],
)
def test_an_alert_on_latencies_or_failed_scrapes_is_not_false_on_a_busy_host(seconds: float, false: set[str]) -> None:
    outcome = Outcome(notified={"ServiceDown": 2, "EventLoopLag": 3, "Restarting": 4}, host_seconds=seconds)
    assert outcome.false(ROW) == false


@pytest.mark.parametrize(
    ("evaluations", "minutes", "missing"),
    [("1", 0, []), ("0001", 1.5, []), ("00001", 2, []), ("000001", 2.5, ["x"]), ("00000", 2.5, ["x"])],
)
def test_a_sign_is_missing_that_is_not_there_within_two_minutes(
    evaluations: str, minutes: float, missing: list[str]
) -> None:
    outcome = Outcome()
    outcome.date("x", (seen == "1" for seen in evaluations), interval_minutes=0.5)
    assert outcome.visible == {"x": minutes}
    assert outcome.missing == [f"{sign}: within 2 minutes" for sign in missing]


@pytest.mark.parametrize(
    ("causes", "explained", "right"),
    [
        (("memory_high",), ["memory_high", "traffic"], True),
        (("memory_high",), ["traffic", "memory_high"], False),
        ((), [], True),
        ((), ["traffic"], False),
        (("memory_high", "restarting"), ["restarting", "memory_high", "traffic"], True),
        (("memory_high", "restarting"), ["restarting", "traffic", "memory_high"], False),
        (("memory_high", "restarting"), ["restarting"], False),
    ],
)
def test_what_explains_a_row_is_named_first(causes: tuple[str, ...], explained: list[str], right: bool) -> None:
    assert Outcome(explained=explained).explains(replace(ROW, causes=causes)) is right


def test_what_is_right_about_a_busy_machine_is_left_out_unless_the_row_is_about_it() -> None:
    outcome = Outcome(explained=["loop_stalls", "memory_high"], host_seconds=0.5)
    assert outcome.explains(replace(ROW, causes=("memory_high",)))
    assert outcome.explains(replace(ROW, causes=("loop_stalls",)))


def test_the_matrix_names_what_exists() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS)
    assert {alert for row in ROWS for alert in row.alerts} <= ALERTS.keys()
    assert {shown.panel for row in ROWS for shown in row.shown} <= PANELS.keys()


def test_the_document_lists_the_matrix() -> None:
    text = section((PROJECT / "docs" / "observability.md").read_text(), "Faults and their signals")
    rows = re.findall(r"^\| (.+) \| (.+) \| (.+) \| (.+) \|$", text, re.MULTILINE)[2:]
    assert rows == [
        (
            row.name,
            ", ".join(f"[{name}](runbooks/{ALERTS[name].runbook})" for name in sorted(row.alerts)) or "none",
            ", ".join(shown.panel for shown in row.shown) or "-",
            ", ".join(f"`{cause}`" for cause in row.causes) or "nothing",
        )
        for row in ROWS
    ]

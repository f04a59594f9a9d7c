"""Every alert, by promtool, on the files that are shipped.

Silent just below its threshold, on little traffic and too soon; in its very words when it fires; over when the fault
is; and none of them at a deploy.
"""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from alerts.alert import Alert
from alerts.links import Links
from alerts.rules import ALERTS, alert_rules, recording_rules
from dashboards.foreign import PROCESS_START, UP
from observability.registry.metrics import CONNECTION_ATTEMPTS, CONNECTION_CLOSES, REQUESTS, TIME_TO_FIRST_CHUNK
from tests.conftest import PROJECT
from tests.ops.alerts.case import Case, Fault
from tests.ops.alerts.cases import CASES
from tests.ops.alerts.series import Series, counter, gauge, histogram

RULES = PROJECT / "alerts" / "prometheus"
LONG_RUN_MINUTES = 120
HALF_HOUR = 30
"""How many minutes apart the rules are evaluated in longer stories."""

Test = dict[str, Any]


def promtool(*arguments: str | Path) -> None:
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def run(folder: Path, tests: list[Test], step: int) -> None:
    """Have promtool prove the tests on the rules that are shipped, evaluated every ``step`` minutes."""
    proof = {
        "rule_files": [str(RULES / "recording.yml"), str(RULES / "alerts.yml")],
        "evaluation_interval": f"{step}m",
        # Otherwise in any order; what is recorded once in half an hour would be forgotten before an alert looks.
        "group_eval_order": [group["name"] for file in (recording_rules(), alert_rules()) for group in file["groups"]],
        "tests": tests,
    }
    file = folder / f"every_{step}m.yml"
    file.write_text(json.dumps(proof))  # YAML holds all of JSON
    promtool("test", "rules", file)


def story(name: str, series: list[Series], checks: list[Test]) -> Test:
    return {"name": name, "interval": "1m", "input_series": series, "alert_rule_test": checks}


def silent(alert: Alert, times: range) -> list[Test]:
    """At each of these minutes."""
    return [{"eval_time": f"{minute}m", "alertname": alert.name, "exp_alerts": []} for minute in times]


def firing(alert: Alert, fault: Fault) -> Test:
    expected = {
        "exp_labels": {"severity": str(alert.severity), "concern": str(alert.concern), **fault.labels},
        "exp_annotations": {
            "summary": fault.summary,
            "description": fault.description,
            "runbook_url": Links().runbook(alert),
            "dashboard_url": Links().dashboard(alert),
        },
    }
    return {"eval_time": f"{fault.begins_at}m", "alertname": alert.name, "exp_alerts": [expected]}


def minutes_apart(length: int) -> int:
    """How many minutes apart the rules are evaluated in a story of so many minutes."""
    return HALF_HOUR if length > LONG_RUN_MINUTES else 1


def proofs(alert: Alert, case: Case) -> Iterator[tuple[int, Test]]:
    """Each story, after the minutes between two evaluations of it."""
    pace = minutes_apart(case.minutes)
    for name, series in (("below", case.below), ("quiet", case.quiet)):
        if series is not None:
            yield pace, story(name, series, silent(alert, range(0, case.minutes, pace)))
    for fault in (*case.faults, *([case.enough] if case.enough else [])):
        pace = minutes_apart(fault.over_at or fault.begins_at)
        too_soon = silent(alert, range(0, fault.begins_at, pace))
        over = [] if fault.over_at is None else silent(alert, range(fault.over_at, fault.over_at + 1))
        yield pace, story("fault", fault.series, [*too_soon, firing(alert, fault), *over])


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_an_alert_fires_when_it_should_and_only_then(alert: Alert, tmp_path: Path) -> None:
    stories = list(proofs(alert, CASES[alert.name]))
    for pace in (1, HALF_HOUR):
        run(tmp_path, [test for own, test in stories if own == pace], pace)


NEVER_SILENT_AND_NEVER_OVER = {"Watchdog": "it always fires: its silence is the alarm"}


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_no_alert_lacks_a_proof(alert: Alert) -> None:
    case = CASES[alert.name]
    always = alert.name in NEVER_SILENT_AND_NEVER_OVER
    assert (case.below is None) is always
    assert (case.quiet is None) is (case.enough is None) is alert.floor.startswith("none: ")  # and why follows
    assert case.faults
    assert all((fault.over_at is None) is always for fault in case.faults)
    # For how long it must hold shows to the minute, and not to the half hour.
    assert any(minutes_apart(fault.over_at or fault.begins_at) == 1 for fault in case.faults)


def test_nothing_is_proved_of_alerts_that_are_not_there() -> None:
    assert {alert.name for alert in ALERTS} == CASES.keys()


def rolled(old: str, new: str, up: list[Series]) -> list[Series]:
    """A deploy at minute 20: the old process tells its clients to go and cuts a stream or two, the new one takes them.

    All of the old one's clients come back within a minute, and many of them knock while it still goes away.
    """
    return [
        *up,
        *counter(REQUESTS, (20, 40), (1, 5), instance=old, content_type="text", outcome="completed"),
        *counter(REQUESTS, (20, 0), (1, 400), instance=old, content_type="text", outcome="shutdown"),
        *counter(REQUESTS, (20, 0), (1, 100), instance=old, content_type="text", outcome="disconnected"),
        *counter(CONNECTION_CLOSES, (20, 1), (1, 500), instance=old, reason="shutdown"),
        *counter(CONNECTION_ATTEMPTS, (20, 1), (1, 800), instance=old, outcome="refused_draining"),
        *histogram(TIME_TO_FIRST_CHUNK, (20, {0.1: 40}), (1, {0.1: 5}), instance=old, content_type="text"),
        *counter(CONNECTION_ATTEMPTS, (22, 0), (1, 500), (20, 1), instance=new, outcome="accepted"),
        *counter(REQUESTS, (22, 0), (20, 40), instance=new, content_type="text", outcome="completed"),
        *histogram(TIME_TO_FIRST_CHUNK, (22, {}), (20, {0.1: 40}), instance=new, content_type="text"),
    ]


@pytest.mark.parametrize(
    "series",
    [
        rolled(
            "one:8000",
            "two:8000",
            [
                *gauge(UP, (21, 1), instance="one:8000"),
                *gauge(UP, (22, None), (20, 1), instance="two:8000"),
            ],
        ),
        [
            *gauge(UP, (21, 1), (1, 0), (20, 1)),
            *gauge(PROCESS_START, (21, 1000), (1, None), (20, 2320)),
            *counter(REQUESTS, (20, 40), (1, 5), (1, -1), (20, 40), content_type="text", outcome="completed"),
            *counter(REQUESTS, (20, 0), (1, 400), (1, -1), (20, 0), content_type="text", outcome="shutdown"),
            *counter(REQUESTS, (20, 0), (1, 100), (1, -1), (20, 0), content_type="text", outcome="disconnected"),
            *counter(CONNECTION_CLOSES, (20, 1), (1, 500), (1, -1), (20, 1), reason="shutdown"),
            *counter(CONNECTION_ATTEMPTS, (20, 0), (1, 800), (1, -1), (20, 0), outcome="refused_draining"),
        ],
        [  # of those who came back together
            *gauge(UP, (40, 1)),
            *counter(CONNECTION_CLOSES, (20, 0), (2, 250), (18, 0), reason="session_timeout"),
        ],
    ],
    ids=["one instance after the other", "in its place", "one session later"],
)
def test_a_deploy_fires_nothing(series: list[Series], tmp_path: Path) -> None:
    checks = [check for alert in ALERTS if alert.name != "Watchdog" for check in silent(alert, range(10, 40))]
    run(tmp_path, [story("deploy", series, checks)], step=1)


def test_the_rules_are_well_formed() -> None:
    promtool("check", "rules", "--lint=all", "--lint-fatal", *RULES.glob("*.yml"))

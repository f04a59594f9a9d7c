"""Each alerting rule, evaluated by ``promtool test rules``.

A rule is silent just below its threshold, on low traffic and before its hold is over; it fires with exact labels and
annotations, and resolves. A deploy fires no rule.
"""

import json
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dashboards.foreign import PROCESS_START, UP
from dashboards.rules import ALERT_GROUPS, ALERTS, RECORDING_GROUPS, RECORDINGS, RULES, Alert, Recording
from observability.registry.metrics import (
    CONNECTION_ATTEMPTS,
    CONNECTION_CLOSES,
    REQUESTS,
    TIME_TO_FIRST_CHUNK,
    WORKER_UP,
)
from tests.ops.alerts.burn_cases import DAY, HOUR
from tests.ops.alerts.case import Case
from tests.ops.alerts.cases import CASES
from tests.ops.alerts.documents import OVERVIEW
from tests.ops.alerts.promql import parse
from tests.ops.alerts.series import Series, counter, gauge, histogram

WATCHDOG = "Watchdog"
"""The alert that always fires: it has no threshold and never resolves."""

EACH_ALERT = pytest.mark.parametrize("alert", ALERTS.values(), ids=ALERTS)

Test = dict[str, Any]


def promtool(*arguments: str | Path) -> None:
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def dependencies(expr: str) -> Iterator[Recording]:
    """The recording rules that an expression uses, directly or through others."""
    for name in parse(expr).metrics & RECORDINGS.keys():
        yield RECORDINGS[name]
        yield from dependencies(RECORDINGS[name].expr)


def run(folder: Path, alerts: Iterable[Alert], tests: list[Test], step: int) -> None:
    """Run the tests on these alerts and the recording rules that they use, evaluated every ``step`` minutes."""
    recorded = {rule.record for alert in alerts for rule in dependencies(alert.expr)}
    groups: list[dict[str, Any]] = [
        {"name": group.name, "rules": [rule for rule in group.rules if rule.record in recorded]}
        for group in RECORDING_GROUPS
    ]
    groups += [
        {"name": group.name, "rules": [rule for rule in group.rules if rule in alerts]} for group in ALERT_GROUPS
    ]
    groups = [group for group in groups if group["rules"]]
    rule_file = folder / "rules.yml"
    rule_file.write_bytes(msgspec.json.encode({"groups": groups}))  # JSON is YAML
    content = {
        "rule_files": [str(rule_file)],
        "evaluation_interval": f"{step}m",
        # Without an order, an alert could be evaluated before the series that it uses is recorded.
        "group_eval_order": [group["name"] for group in groups],
        "tests": tests,
    }
    file = folder / f"every_{step}m.yml"
    file.write_text(json.dumps(content))
    promtool("test", "rules", file)


def scenario(name: str, series: list[Series], checks: list[Test], sample: int = 1) -> Test:
    """A test over one sample in every ``sample`` minutes of the series, which have one for each minute."""
    thinned = [{**one, "values": " ".join(one["values"].split()[::sample])} for one in series]
    return {"name": name, "interval": f"{sample}m", "input_series": thinned, "alert_rule_test": checks}


def silent(alert: Alert, minutes: Iterable[int]) -> list[Test]:
    return [{"eval_time": f"{minute}m", "alertname": alert.name, "exp_alerts": []} for minute in minutes]


def test_a_worker_that_dies_once_a_minute_does_not_hang(tmp_path: Path) -> None:
    [up] = gauge(WORKER_UP, *[(1, float(second % 2)) for second in range(20)], worker="1")
    alert = ALERTS["WorkerHung"]
    test = scenario("down at each evaluation", [up], silent(alert, range(10))) | {"interval": "30s"}
    run(tmp_path, [alert], [test], step=1)


def resolution(minutes: int) -> tuple[int, int]:
    """The minutes between two evaluations, and between two samples, in a run of that length.

    A run of days is about windows of hours, for which a sample in 10 minutes is enough.
    """
    if minutes <= 2 * HOUR:
        return 1, 1
    return 30, 1 if minutes <= 2 * DAY else 10


def scenarios(alert: Alert, case: Case) -> Iterator[tuple[int, Test]]:
    """Each scenario with the minutes between two evaluations."""
    step, sample = resolution(case.minutes)
    for name, series in (("below", case.below), ("low traffic", case.low_traffic)):
        if series is not None:
            yield step, scenario(name, series, silent(alert, range(0, case.minutes, step)), sample)
    for firing in case.firing:
        step, sample = resolution(firing.resolved_at or firing.at)
        before = silent(alert, range(0, firing.at, step))
        at = {"eval_time": f"{firing.at}m", "alertname": alert.name, "exp_alerts": [firing.expected(alert)]}
        resolved = [] if firing.resolved_at is None else silent(alert, [firing.resolved_at])
        yield step, scenario("firing", firing.series, [*before, at, *resolved], sample)


@EACH_ALERT
def test_an_alert_fires_beyond_its_threshold_after_its_hold_and_resolves(alert: Alert, tmp_path: Path) -> None:
    every = list(scenarios(alert, CASES[alert.name]))
    for step in {step for step, _ in every}:
        run(tmp_path, [alert], [test for own, test in every if own == step], step)


def test_every_alert_has_a_case() -> None:
    assert ALERTS.keys() == CASES.keys()
    assert len(ALERTS) >= 15


@EACH_ALERT
def test_a_case_covers_both_sides_of_threshold_floor_and_hold(alert: Alert) -> None:
    case = CASES[alert.name]
    always = alert.name == WATCHDOG
    assert (case.below is None) is always
    assert (case.low_traffic is None) is OVERVIEW[alert.name].floor.startswith("none")
    assert len(case.firing) > (case.low_traffic is not None)
    assert all((firing.resolved_at is None) is always for firing in case.firing)
    # The hold is measured in minutes, so at least one run has a resolution of a minute.
    assert any(resolution(firing.resolved_at or firing.at)[0] == 1 for firing in case.firing)


@EACH_ALERT
def test_an_alert_over_a_short_window_fires_on_between_bursts(alert: Alert) -> None:
    short = re.search(r"\[5m\]|(?:rate|increase)5m\b", alert.expr) or alert.name == "RequestsFailing"
    assert alert.keep == ("40m" if alert.name in {"HighErrorRate", "ConnectionFailures"} else "10m" if short else "0s")


def test_bursts_that_follow_each_other_are_one_alert(tmp_path: Path) -> None:
    """500 refusals a minute, every ten minutes: fires within two minutes and until the bursts have ended."""
    alert = ALERTS["ConnectionFailures"]
    bursts = [stretch for _ in range(6) for stretch in ((1, 500), (9, 0))]
    series = counter(CONNECTION_ATTEMPTS, (10, 0), *bursts, (50, 0), outcome="refused_capacity")
    rule = f'ALERTS{{alertname="{alert.name}", alertstate="firing"}}'
    checks = [
        {"eval_time": f"{minute}m", "expr": f"count({rule})", "exp_samples": [{"labels": "{}", "value": 1}]}
        for minute in range(12, 100)
    ]
    test = scenario("bursts", series, [*silent(alert, range(10)), *silent(alert, [110])])
    run(tmp_path, [alert], [{**test, "promql_expr_test": checks}], step=1)


def deploy(old: str, new: str, up: list[Series]) -> list[Series]:
    """A rolling deploy at minute 20: the old process drains and cuts some streams, the new one accepts its clients.

    All clients of the old process reconnect within a minute, many of them while it still drains.
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


DEPLOYS: Mapping[str, list[Series]] = {
    "one instance after the other": deploy(
        "one:8000",
        "two:8000",
        [*gauge(UP, (21, 1), instance="one:8000"), *gauge(UP, (22, None), (20, 1), instance="two:8000")],
    ),
    "in place": [
        *gauge(UP, (21, 1), (1, 0), (20, 1)),
        *gauge(PROCESS_START, (21, 1000), (1, None), (20, 2320)),
        *counter(REQUESTS, (20, 40), (1, 5), (1, -1), (20, 40), content_type="text", outcome="completed"),
        *counter(REQUESTS, (20, 0), (1, 400), (1, -1), (20, 0), content_type="text", outcome="shutdown"),
        *counter(REQUESTS, (20, 0), (1, 100), (1, -1), (20, 0), content_type="text", outcome="disconnected"),
        *counter(CONNECTION_CLOSES, (20, 1), (1, 500), (1, -1), (20, 1), reason="shutdown"),
        *counter(CONNECTION_ATTEMPTS, (20, 0), (1, 800), (1, -1), (20, 0), outcome="refused_draining"),
    ],
    "one session duration later": [
        *gauge(UP, (40, 1)),
        *counter(CONNECTION_CLOSES, (20, 0), (2, 250), (18, 0), reason="session_timeout"),
    ],
}


@pytest.mark.parametrize("series", DEPLOYS.values(), ids=DEPLOYS)
def test_a_deploy_fires_no_alert(series: list[Series], tmp_path: Path) -> None:
    alerts = [alert for alert in ALERTS.values() if alert.name != WATCHDOG]
    checks = [check for alert in alerts for check in silent(alert, range(10, 40))]
    run(tmp_path, alerts, [scenario("deploy", series, checks)], step=1)


def test_promtool_accepts_the_rules() -> None:
    promtool("check", "rules", "--lint=all", "--lint-fatal", *RULES.glob("*.yml"))

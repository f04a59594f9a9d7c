"""The receiver of each alert, and the alerts that inhibit others."""

import re
import subprocess
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from uuid import uuid4

import pytest
from promql_parser import parse_duration

from dashboards.rules import ALERTMANAGER, ALERTS, JOB, Alert
from tests.backends.alertmanager import Alertmanager, Labels
from tests.ops.alerts.case import TWO
from tests.ops.alerts.cases import CASES
from tests.ops.alerts.configuration import RECEIVERS, alertmanager
from tests.ops.alerts.documents import ALERTS_DOCUMENT, section
from tests.waiting import wait_for


def amtool(*arguments: str | Path) -> str:
    done = subprocess.run(["amtool", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def labels(name: str, **others: str) -> dict[str, str]:
    """The labels with which an alert arrives at Alertmanager."""
    return {"alertname": name, **CASES[name].firing[0].labels, **ALERTS[name].labels, **others}


def test_amtool_accepts_the_configuration() -> None:
    amtool("check-config", ALERTMANAGER)


@pytest.mark.parametrize("alert", ALERTS.values(), ids=ALERTS)
def test_the_severity_of_an_alert_decides_its_receiver(alert: Alert) -> None:
    matchers = [f"{label}={value}" for label, value in labels(alert.name).items()]
    receivers = amtool("config", "routes", "test", f"--config.file={ALERTMANAGER}", *matchers)
    assert receivers.split() == [RECEIVERS[alert.severity]]


def test_the_documents_list_the_receivers() -> None:
    documented = re.findall(r"^\| `(\w+)` \|", section(ALERTS_DOCUMENT.read_text(), "Notifications"), re.MULTILINE)
    assert documented == [receiver["name"] for receiver in alertmanager("")["receivers"]]


def test_the_heartbeat_is_repeated_at_every_group_interval() -> None:
    """With a ``repeat_interval`` of the same length, every other interval would be skipped."""
    [heartbeat] = [route for route in alertmanager("")["route"]["routes"] if route["receiver"] == "heartbeat"]
    assert parse_duration(heartbeat["repeat_interval"]) < parse_duration(heartbeat["group_interval"])


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alertmanager]:
    """Alertmanager with receivers at an address at which no server listens."""
    server = Alertmanager(tmp_path_factory.mktemp("alertmanager"), alertmanager("http://127.0.0.1:9"))
    yield server
    server.stop()


def wait_until_evaluated(running: Alertmanager) -> None:
    """Return when the state of each alert that was posted before is final.

    Alertmanager evaluates inhibition after it has accepted an alert, and in the order of the alerts: when an alert that
    is posted now is inhibited, the state of the others is final.
    """
    last = uuid4().hex
    running.fire(labels("HighErrorRate", job=last), labels("AvailabilityBurnSlow", job=last))
    wait_for(lambda: "suppressed" in {state for _, state in running.states(f'job="{last}"')}, "the last inhibition")


OF_THE_SAME_STORE = {"session_store", "stream_writes", "stream_reads", "access_store", "plan_cache"}
CALLS = {"DependencyErrors", "SlowDependency"}
"""Alerts on the calls of a dependency."""
SOURCES = {
    "ServiceDown",
    "TargetDown",
    "SessionStoreDown",
    "DependencyDown",
    "HighErrorRate",
    "ConnectionFailures",
    "AvailabilityBurnFast",
    "FirstChunkBurnFast",
}


def inhibits(source: Labels, target: Labels) -> bool:
    """Whether the second alert follows from the first, both of one job."""
    name, dependency = target["alertname"], target.get("dependency")
    same_instance = "instance" in target and source.get("instance") == target["instance"]
    of_the_store = name in {"DependencyDown", *CALLS} and dependency in OF_THE_SAME_STORE
    return {
        "ServiceDown": name not in {"ServiceDown", "Watchdog"},
        "TargetDown": same_instance and name != "TargetDown",
        "SessionStoreDown": same_instance and (name == "RecoveriesFailing" or of_the_store),
        "DependencyDown": same_instance and name in CALLS and dependency == source.get("dependency"),
        "HighErrorRate": name in {"AvailabilityBurnFast", "AvailabilityBurnSlow", "RequestsFailing"},
        "ConnectionFailures": name in {"AvailabilityBurnFast", "RequestsFailing"},
        "AvailabilityBurnFast": name in {"AvailabilityBurnSlow", "RequestsFailing"},
        "FirstChunkBurnFast": name in {"FirstChunkBurnSlow", "SlowResponse"},
    }.get(source["alertname"], False)


def variants(name: str) -> Iterator[Labels]:
    """The labels of an alert in all its cases, on two instances if it has one."""
    for own in {tuple(sorted(firing.labels.items())): firing.labels for firing in CASES[name].firing}.values():
        yield {"alertname": name, **own, **ALERTS[name].labels}
        if "instance" in own:
            yield {"alertname": name, **own, **ALERTS[name].labels, "instance": TWO}


def test_of_two_faults_at_once_one_is_inhibited_only_if_it_follows_from_the_other(running: Alertmanager) -> None:
    """Every pair of alerts, as the only two of a job."""
    every = [one for name in ALERTS for one in variants(name)]
    pairs = {f"pair {number}": pair for number, pair in enumerate(combinations(every, 2))}
    running.fire(*({**one, "job": job} for job, pair in pairs.items() for one in pair))
    wait_until_evaluated(running)
    found: dict[str, list[Labels]] = {}
    for one, state in running.states('job=~"pair.+"'):
        if state == "suppressed":
            found.setdefault(one["job"], []).append({**one, "job": JOB})
    expected = {
        job: followers
        for job, (one, other) in pairs.items()
        if (followers := [*([other] if inhibits(one, other) else []), *([one] if inhibits(other, one) else [])])
    }
    assert found == expected
    assert {pairs[job][0]["alertname"] for job in found} | {pairs[job][1]["alertname"] for job in found} >= SOURCES


def test_an_alert_of_another_job_is_not_inhibited(running: Alertmanager) -> None:
    running.fire(labels("ServiceDown", job="down"), labels("HighMemory", job="up"), labels("HighErrorRate", job="up"))
    wait_until_evaluated(running)
    assert [state for _, state in running.states('job="up"')] == ["active", "active"]


def test_alerts_of_another_service_do_not_inhibit_each_other(running: Alertmanager) -> None:
    """Another service that uses the same Alertmanager has no such labels."""
    critical, warning = (
        {"alertname": severity, "job": "other-service", "severity": severity} for severity in ("critical", "warning")
    )
    running.fire(critical, warning)
    wait_until_evaluated(running)
    assert [state for _, state in running.states('job="other-service"')] == ["active", "active"]

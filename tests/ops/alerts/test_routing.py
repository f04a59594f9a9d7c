"""The receiver of each alert, and the alerts that inhibit others."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from promql_parser import parse_duration

from dashboards.rules import ALERTMANAGER, ALERTS, Alert
from tests.backends.alertmanager import Alertmanager
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


def states(running: Alertmanager, job: str) -> dict[str, str]:
    """The state of each alert of a job by its name, for all alerts that were posted before.

    Alertmanager evaluates inhibition after it has accepted an alert, and in the order of the alerts: when an alert that
    is posted now is inhibited, the state of the others is final.
    """
    last = f"after-{job}"
    running.fire(labels("HighErrorRate", job=last), labels("AvailabilityBurnSlow", job=last))
    wait_for(lambda: "suppressed" in {state for _, state in running.states(f'job="{last}"')}, "the last inhibition")
    return {found["alertname"]: state for found, state in running.states(f'job="{job}"')}


SAME_CONCERN = [
    ("HighErrorRate", "AvailabilityBurnSlow"),
    ("AvailabilityBurnFast", "AvailabilityBurnSlow"),
    ("FirstChunkBurnFast", "FirstChunkBurnSlow"),
    ("FirstChunkBurnFast", "SlowResponse"),
    ("ServiceDown", "TargetDown"),
    ("SessionStoreDown", "DependencyDown"),  # one server may be behind both
]
SAME_JOB = [("ServiceDown", name) for name in ALERTS.keys() - {"ServiceDown", "TargetDown", "Watchdog"}]
SAME_INSTANCE = [("TargetDown", name) for name in ("HighMemory", "EventLoopLag", "PacingLag", "Restarting")]


@pytest.mark.parametrize(("source", "target"), sorted([*SAME_CONCERN, *SAME_JOB, *SAME_INSTANCE]))
def test_an_alert_inhibits_its_consequences(running: Alertmanager, source: str, target: str) -> None:
    job = f"{source}-{target}"  # the alerts of the other tests fire in the same Alertmanager
    running.fire(labels(source, job=job), labels(target, job=job), labels(target, job=f"not-{job}"))
    assert states(running, job) == {source: "active", target: "suppressed"}
    assert states(running, f"not-{job}") == {target: "active"}


@pytest.mark.parametrize(
    ("source", "other", "own"),
    [
        ("HighErrorRate", "SlowResponse", {}),  # another concern
        ("SessionStoreDown", "UsageDropping", {}),
        ("ServiceDown", "Watchdog", {}),
        ("TargetDown", "HighErrorRate", {}),  # of the job: the other instances fail
        ("TargetDown", "HighMemory", {"instance": "two:8000"}),
    ],
)
def test_an_alert_does_not_inhibit_an_unrelated_one(
    running: Alertmanager, source: str, other: str, own: dict[str, str]
) -> None:
    job = f"{source}-beside-{other}"
    running.fire(labels(source, job=job), labels(other, job=job, **own))
    assert states(running, job) == {source: "active", other: "active"}


def test_alerts_without_a_concern_do_not_inhibit_each_other(running: Alertmanager) -> None:
    """Another service that uses the same Alertmanager has no such label."""
    critical, warning = (
        {"alertname": severity, "job": "other-service", "severity": severity} for severity in ("critical", "warning")
    )
    running.fire(critical, warning)
    assert states(running, "other-service") == {"critical": "active", "warning": "active"}

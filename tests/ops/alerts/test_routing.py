"""Who hears of which alert, and which alert keeps quiet for which other."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from promql_parser import parse_duration

from alerts.alert import Alert
from alerts.links import Links
from alerts.routing import HEARTBEAT, alertmanager
from alerts.rules import ALERTS
from tests.backends.alertmanager import Alertmanager
from tests.conftest import PROJECT
from tests.ops.alerts.case import RECEIVERS
from tests.ops.alerts.cases import CASES
from tests.waiting import wait_for

CONFIGURATION = PROJECT / "alerts" / "alertmanager.yml"


def amtool(*arguments: str | Path) -> str:
    done = subprocess.run(["amtool", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def labels(name: str, **others: str) -> dict[str, str]:
    """The labels with which an alert comes to Alertmanager."""
    alert = next(alert for alert in ALERTS if alert.name == name)
    own = {"alertname": name, "severity": str(alert.severity), "concern": str(alert.concern)}
    return {**CASES[name].faults[0].labels, **own, **others}


def test_alertmanager_takes_the_configuration() -> None:
    amtool("check-config", CONFIGURATION)


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_an_alert_reaches_whom_its_severity_says(alert: Alert) -> None:
    matchers = [f"{label}={value}" for label, value in labels(alert.name).items()]
    told = amtool("config", "routes", "test", f"--config.file={CONFIGURATION}", *matchers)
    assert told.split() == [RECEIVERS[alert.severity]]


def test_the_heartbeat_comes_at_every_interval() -> None:
    """It would miss every other one if it had to be as old as the interval: it is told a moment after each begins."""
    [heartbeat] = [route for route in alertmanager()["route"]["routes"] if route["receiver"] == HEARTBEAT]
    assert parse_duration(heartbeat["repeat_interval"]) < parse_duration(heartbeat["group_interval"])


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alertmanager]:
    nobody = Links(webhook="http://127.0.0.1:9")  # where nothing listens
    server = Alertmanager(tmp_path_factory.mktemp("alertmanager"), alertmanager(nobody))
    yield server
    server.stop()


SAME_CONCERN = [
    ("HighErrorRate", "AvailabilityBurnSlow"),
    ("AvailabilityBurnFast", "AvailabilityBurnSlow"),
    ("FirstChunkBurnFast", "FirstChunkBurnSlow"),
    ("FirstChunkBurnFast", "SlowResponse"),
    ("ServiceDown", "TargetDown"),
    ("SessionStoreDown", "DependencyDown"),  # one back end may be behind both
]
ALL_BUT_ITSELF = [
    ("ServiceDown", alert.name) for alert in ALERTS if alert.name not in {"ServiceDown", "TargetDown", "Watchdog"}
]
OF_ITS_INSTANCE = [("TargetDown", name) for name in ("HighMemory", "EventLoopLag", "PacingLag", "Restarting")]


@pytest.mark.parametrize(("source", "silenced"), [*SAME_CONCERN, *ALL_BUT_ITSELF, *OF_ITS_INSTANCE])
def test_an_alert_keeps_quiet_for_a_greater_one(running: Alertmanager, source: str, silenced: str) -> None:
    job = f"{source}-{silenced}"  # a service of the test's own: others fire in the same Alertmanager
    running.fire(labels(source, job=job), labels(silenced, job=job), labels(silenced, job=f"not-{job}"))
    expected = {(source, job): "active", (silenced, job): "suppressed", (silenced, f"not-{job}"): "active"}

    def states() -> dict[tuple[str, str], str]:
        return {(found["alertname"], found["job"]): state for found, state in running.states(f'job=~"(not-)?{job}"')}

    wait_for(lambda: states() == expected, "the alert is inhibited")


@pytest.mark.parametrize(
    ("source", "other", "own"),
    [
        ("HighErrorRate", "SlowResponse", {}),  # another concern
        ("SessionStoreDown", "UsageDropping", {}),
        ("ServiceDown", "Watchdog", {}),  # it must come for as long as alerts are delivered
        ("TargetDown", "HighErrorRate", {}),  # of all instances together: the others fail
        ("TargetDown", "HighMemory", {"instance": "two:8000"}),
    ],
)
def test_an_alert_speaks_up_beside_one_that_does_not_explain_it(
    running: Alertmanager, source: str, other: str, own: dict[str, str]
) -> None:
    job = f"{source}-beside-{other}"
    running.fire(labels(source, job=job), labels(other, job=job, **own))
    states = {found["alertname"]: state for found, state in running.states(f'job="{job}"')}
    assert states == {source: "active", other: "active"}


def test_alerts_without_a_concern_do_not_silence_one_another(running: Alertmanager) -> None:
    """They are those of others, who share the Alertmanager and have no such label."""
    severe, lesser = (
        {"alertname": severity, "job": "of others", "severity": severity} for severity in ("critical", "warning")
    )
    running.fire(severe, lesser)
    states = {found["alertname"]: state for found, state in running.states('job="of others"')}
    assert states == {"critical": "active", "warning": "active"}

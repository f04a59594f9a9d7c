"""The shipped files as an operator installs them, and the scaled copies that tests run."""

import json
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from promql_parser import display_duration, parse_duration

from dashboards.rules import ALERTS, FOLDER
from tests.ops.alerts.cases import CASES
from tests.ops.alerts.configuration import alertmanager, in_time_lapse, scaled_rules
from tests.ops.alerts.documents import ALERTS_DOCUMENT, section

DURATION = re.compile(r"(?<=\[)\w+(?=\])|(?<=offset )\w+")
WAIT = re.compile(r"'(?:group_wait|group_interval|repeat_interval)': '(\w+)'")


def test_the_documented_commands_replace_every_placeholder(tmp_path: Path) -> None:
    [commands] = re.findall(r"```sh\n(.*?)```", section(ALERTS_DOCUMENT.read_text(), "Install"), re.DOTALL)
    target = tmp_path / "streaming-alerts"
    project = tmp_path / "project"
    shutil.copytree(FOLDER, project / "alerts")
    script = commands.replace("/etc/streaming-alerts", str(target))
    subprocess.run(["sh", "-euc", script], cwd=project, check=True)
    alerts, routes = ((target / path).read_text() for path in ("prometheus/alerts.yml", "alertmanager.yml"))
    assert not re.search("your-organisation|localhost", alerts + routes)
    assert len(re.findall(r"runbook_url: https://git\.example\.com/\S+\.md$", alerts, re.MULTILINE)) == len(ALERTS)
    assert len(re.findall(r"dashboard_url: https://grafana\.example\.com/d/.+$", alerts, re.MULTILINE)) == len(ALERTS)
    assert re.findall(r"url: https://oncall\.example\.com/(\w+)", routes) == ["page", "ticket", "heartbeat"]


def test_a_link_to_a_dashboard_selects_the_instance_of_the_alert() -> None:
    for name, alert in ALERTS.items():
        of_one_instance = all("instance" in firing.labels for firing in CASES[name].firing)
        assert ("&var-instance={{ $labels.instance }}" in alert.annotations["dashboard_url"]) is of_one_instance, name


def test_a_text_has_a_link_to_the_dashboard_at_the_time_of_the_alert(tmp_path: Path) -> None:
    begin, end = datetime(2026, 11, 24, 20, 0, 30, tzinfo=UTC), datetime(2026, 11, 24, 20, 15, 30, tzinfo=UTC)
    alert = {
        "labels": {"alertname": "HighMemory", "job": "api"},
        "annotations": {
            "summary": "Memory is high.",
            "description": "It uses 90%.",
            "runbook_url": "https://git/high-memory.md",
            "dashboard_url": "https://grafana/d/stream-runtime?var-job=api&var-instance=one:8000",
        },
        "startsAt": begin.isoformat(),
        "endsAt": end.isoformat(),
    }
    alerts = [{**alert, "status": status} for status in ("firing", "resolved")]
    data = tmp_path / "data.json"
    data.write_text(json.dumps({"status": "firing", "alerts": alerts, "commonLabels": {"job": "api"}}))
    rendered = [
        subprocess.run(
            [
                *("amtool", "template", "render", f"--template.glob={FOLDER}/templates/*.tmpl"),
                *(f"--template.text={text}", f"--template.data={data}"),
            ],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for text in ('{{ template "streaming.title" . }}', '{{ template "streaming.text" . }}')
    ]
    half_an_hour_before = round(begin.timestamp() * 1000) - 1_800_000
    assert rendered == [
        "FIRING: api, HighMemory, HighMemory",
        "\n".join(
            "Memory is high. It uses 90%.\nSince 2026-11-24 20:00:30 UTC\nRunbook: https://git/high-memory.md\n"
            "Dashboard: https://grafana/d/stream-runtime?var-job=api&var-instance=one:8000"
            f"&from={half_an_hour_before}&to={to}"
            for to in ("now", round(end.timestamp() * 1000))
        ),
    ]


def test_scaled_rules_differ_in_their_durations_only() -> None:
    for whole, short in zip(rules(1), rules(1 / 60), strict=True):
        assert durations(short) == [sixtieth(duration) for duration in durations(whole)]
        assert without_durations(whole) == without_durations(short)


@pytest.mark.parametrize(
    ("real", "short"),
    [
        ("sum by (job) (increase(x_total[5m])) > 50", "sum by (job) (increase(x_total[30s])) > 50"),
        ('60 * rate(x_total{a=~"b|c"}[1h]) > 50', '60 * (0.1 * rate(x_total{a=~"b|c"}[6m])) > 50'),
        ("rate(x_seconds_total[5m]) > 0.5", "rate(x_seconds_total[30s]) > 0.5"),
        ("increase(x_seconds_total[5m]) > 3", "(1 / 0.1 * increase(x_seconds_total[30s])) > 3"),
        ("rate(x_seconds_count[5m])", "(0.1 * rate(x_seconds_count[30s]))"),
        ("changes(x[15m]) > 3 or x offset 10m == 1", "changes(x[1m30s]) > 3 or x offset 1m == 1"),
        ("max_over_time(y:rate5m[1h:5m])", "max_over_time(y:rate5m[6m:30s])"),
    ],
)
def test_in_time_lapse_counts_and_shares_of_time_are_those_of_real_time(real: str, short: str) -> None:
    assert in_time_lapse(real, 0.1) == short


def test_a_scaled_alertmanager_differs_in_its_intervals_and_addresses_only() -> None:
    whole, short = str(alertmanager("http://one")), str(alertmanager("http://two", 1 / 60))
    assert WAIT.findall(short) == [sixtieth(duration) for duration in WAIT.findall(whole)]
    assert WAIT.sub("", short) == WAIT.sub("", whole).replace("http://one", "http://two")


def sixtieth(duration: str) -> str:
    return duration if duration == "0s" else display_duration(parse_duration(duration) / 60)


def rules(scale: float) -> list[dict[str, Any]]:
    return [rule for file in scaled_rules(scale) for group in file["groups"] for rule in group["rules"]]


def durations(rule: dict[str, Any]) -> list[str]:
    return [*DURATION.findall(rule["expr"]), rule.get("for", "0s"), rule.get("keep_firing_for", "0s")]


def without_durations(rule: dict[str, Any]) -> dict[str, Any]:
    return {**rule, "expr": DURATION.sub("", rule["expr"]), "for": "", "keep_firing_for": ""}

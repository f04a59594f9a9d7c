"""What is committed is what the source makes, and an installation can have its own addresses in it."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from promql_parser import display_duration, parse_duration

from alerts.__main__ import FOLDER, files
from alerts.links import Links
from alerts.rules import ALERTS, alert_rules, recording_rules
from tests.conftest import PROJECT, environment

RANGE = re.compile(r"\[(\w+)\]")


def test_making_the_files_again_changes_nothing() -> None:
    for path, text in files(Links()).items():
        assert (FOLDER / path).read_text() == text, f"{path} is not what its source makes: python -m alerts"


def test_an_installation_writes_its_own(tmp_path: Path) -> None:
    links = Links(runbooks="https://git.test/runbooks", grafana="https://grafana.test", webhook="https://oncall.test")
    own = [f"--{name}={getattr(links, name)}" for name in links.__struct_fields__]
    command = [sys.executable, "-m", "alerts", "--output", str(tmp_path), *own]
    subprocess.run(command, cwd=PROJECT, env=environment(), check=True)
    assert {path: (tmp_path / path).read_text() for path in files(links)} == files(links)
    alerts, routes = ((tmp_path / path).read_text() for path in ("prometheus/alerts.yml", "alertmanager.yml"))
    assert "your-organisation" not in alerts
    assert "localhost" not in alerts + routes
    assert alerts.count("https://git.test/runbooks/") == alerts.count("https://grafana.test/d/") == len(ALERTS)
    assert routes.count("https://oncall.test/") == 3


def test_a_rehearsal_shortens_every_duration_and_nothing_else() -> None:
    for whole, short in zip(rules(1), rules(1 / 60), strict=True):
        assert durations_of(short) == [sixtieth(duration) for duration in durations_of(whole)]
        assert without_durations(whole) == without_durations(short)


def sixtieth(duration: str) -> str:
    return duration if duration == "0s" else display_duration(parse_duration(duration) / 60)


def rules(scale: float) -> list[dict[str, Any]]:
    groups = recording_rules(scale)["groups"] + alert_rules(scale=scale)["groups"]
    return [rule for group in groups for rule in group["rules"]]


def durations_of(rule: dict[str, Any]) -> list[str]:
    return [*RANGE.findall(rule["expr"]), rule.get("for", "0s")]


def without_durations(rule: dict[str, Any]) -> dict[str, Any]:
    return {**rule, "expr": RANGE.sub("", rule["expr"]), "for": ""}

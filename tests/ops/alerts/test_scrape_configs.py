"""Every scrape configuration that the project ships or documents uses the job of the rules."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboards.rules import ALERTS, JOB, RECORDINGS
from tests.ops.alerts.promql import parse
from tests.ops.packaging.project import PROJECT, tracked_files

_YAML_BLOCK = re.compile(r"^```ya?ml\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_NAMED = re.compile(r"\bjob_name[\"']?: *[\"']?([\w-]+)")
COMPOSE = PROJECT / "deploy" / "compose.yaml"
OTHER_JOBS = set(yaml.safe_load(COMPOSE.read_text())["services"]) - {"service"}
"""The jobs of the observability stack itself."""


def texts() -> Iterator[tuple[str, str]]:
    """Each file that may contain a scrape configuration: path and text."""
    for path in sorted(tracked_files()):
        if path.endswith((".md", ".yml", ".yaml", ".py", ".conf", ".json")) and path != str(
            Path(__file__).relative_to(PROJECT)
        ):
            yield path, (PROJECT / path).read_text()


NAMED = [(path, name) for path, text in texts() for name in _NAMED.findall(text)]


def configurations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, text in texts():
        parts = (
            _YAML_BLOCK.findall(text) if path.endswith(".md") else [text] if path.endswith((".yml", ".yaml")) else []
        )
        for part in parts:
            if "scrape_configs:" in part:
                yield path, yaml.safe_load(part)


CONFIGURATIONS = list(configurations())


def test_the_configurations_are_found() -> None:
    paths = {path for path, _ in NAMED}
    assert {"docs/operations.md", "deploy/compose/prometheus.yml", "tools/observe/stack.py"} <= paths
    assert {path for path, _ in CONFIGURATIONS} >= {"docs/operations.md", "deploy/compose/prometheus.yml"}


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_a_job_is_that_of_the_rules(path: str, name: str) -> None:
    assert name in {JOB, "JOB"} if path.endswith(".py") else name in {JOB, *OTHER_JOBS}


@pytest.mark.parametrize(("path", "configuration"), CONFIGURATIONS, ids=[path for path, _ in CONFIGURATIONS])
def test_a_configuration_is_accepted_and_scrapes_the_service(
    path: str, configuration: dict[str, Any], tmp_path: Path
) -> None:
    assert JOB in [job["job_name"] for job in configuration["scrape_configs"]], path
    file = tmp_path / "prometheus.yml"
    file.write_text(yaml.safe_dump(configuration))
    done = subprocess.run(
        ["promtool", "check", "config", "--syntax-only", file], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_rules_select_no_other_job() -> None:
    expressions = [*(rule.expr for rule in RECORDINGS.values()), *(alert.expr for alert in ALERTS.values())]
    jobs = {
        value
        for expression in expressions
        for selector in parse(expression).selectors
        for label, value in selector.matchers
        if label == "job"
    }
    assert jobs == {JOB}

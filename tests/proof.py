"""Record the results of the long tests in docs/proof.md: the pytest plugin of ``make proof``.

A test reports a figure with pytest's fixture ``record_property``. The file is written when the whole selection ran; a
run of a part (``-k``, or paths) prints the same text instead.
"""

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
from hypothesis import settings

_PROJECT = Path(__file__).parents[1]
_FILE = _PROJECT / "docs" / "proof.md"
_HEADER = """\
# Proof

The results of `make proof`, which writes this file: the tests that take longer than `make test` allows, and the
property tests with the profile `nightly`.

| | |
| --- | --- |
"""


class Proof:
    """Collects the results of one run."""

    def __init__(self, config: pytest.Config) -> None:
        self._whole = not config.option.keyword and config.args_source is not pytest.Config.ArgsSource.ARGS
        self._began = datetime.now(UTC)
        self._titles: dict[str, str] = {}
        self._rows: list[str] = []
        self._properties = {"passed": 0, "failed": 0}
        self._property_seconds = 0.0

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            if item.get_closest_marker("proof"):
                function = getattr(item, "function", None)
                self._titles[item.nodeid] = (function.__doc__ or item.name).strip().splitlines()[0].rstrip(".")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "call" and report.passed:
            return
        if report.nodeid not in self._titles:
            self._properties["failed" if report.failed else "passed"] += 1
            self._property_seconds += report.duration
            return
        figures = "; ".join(f"{name} {value}" for name, value in report.user_properties)
        case = report.nodeid.partition("[")[2].removesuffix("]")
        title = f"{self._titles[report.nodeid]} ({case})" if case else self._titles[report.nodeid]
        self._rows.append(f"| {title} | {report.outcome} | {report.duration:.0f} s | {figures} |")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        count = ", ".join(f"{number} {outcome}" for outcome, number in self._properties.items() if number)
        examples = f"Property tests, {settings().max_examples} examples times the factor of each"
        rows = [f"| {examples} | {count} | {self._property_seconds:.0f} s | |"]
        table = "\n".join(["| Test | Result | Time | Figures |", "| --- | --- | --- | --- |", *rows, *self._rows])
        text = _HEADER + "\n".join(f"| {name} | {value} |" for name, value in self._context()) + f"\n\n{table}\n"
        if self._whole:
            _FILE.write_text(text)
            terminalreporter.write_line(f"Wrote {_FILE.relative_to(_PROJECT)}")
        else:
            terminalreporter.write_line(text)

    def _context(self) -> list[tuple[str, str]]:
        seconds = (datetime.now(UTC) - self._began).total_seconds()
        return [
            ("Date", f"{self._began:%Y-%m-%d %H:%M} UTC, {seconds / 60:.0f} minutes"),
            ("Commit", _output("git", "describe", "--always", "--dirty", "--abbrev=12")),
            ("Machine", f"{os.cpu_count()} x {_processor()}, {psutil.virtual_memory().total / 2**30:.0f} GiB"),
            ("System", f"{platform.freedesktop_os_release()['PRETTY_NAME']}, Python {platform.python_version()}"),
        ]


def _output(*command: str) -> str:
    return subprocess.run(command, cwd=_PROJECT, check=True, capture_output=True, text=True).stdout.strip()


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Proof(config))

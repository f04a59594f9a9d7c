"""The measurable rules of docs/architecture.md and CONTRIBUTING.md: sizes, names, and what tests may do."""

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.ops.packaging.project import PROJECT, tracked_files

PRODUCT = ("service", "observability", "alerts", "dashboards", "tools", "benchmarks", "clients", "deploy")
LINES_OF_A_MODULE = 350
SHARE_OF_A_PACKAGE = 0.2
USES_OF_A_NAME = 2
UNBOUND_NAMES = {"__init__", "__main__", "ports"}
"""The interfaces of a package of the core are its ``ports``."""
GENERATED = re.compile(r"[Gg]enerated (by|from)|[Mm]ade by `?make")
UNIT_TESTS_BY_SUBJECT = {
    "asyncapi/test_decoder.py",
    "cli/explain/test_names.py",
    "content/test_attacks.py",
    "content/html/test_shown.py",
    "content/test_invariants.py",
    "content/live/test_readers.py",
    "content/official/test_commonmark.py",
    "content/official/test_gfm.py",
    "content/official/test_unicode.py",
    "events/test_values.py",
    "observability/metrics/test_recovery_metrics.py",
    "observability/test_operations_guide.py",
    "publishing/test_feed_properties.py",
    "session/test_live_controls.py",
    "session/test_live_properties.py",
    "session/test_machine_properties.py",
    "session/test_recovery_properties.py",
    "session/test_repeated_requests.py",
    "websocket/test_live_driver.py",
}
"""Unit tests of a whole package, or a second file about a module."""

SLEEPS = {
    "tests/contract/stores/test_slow_stores.py": "a slow store",
    "tests/integration/instances/test_busy_counts.py": "a program that locks the store",
    "tests/integration/instances/test_recovery.py": "a crash at different moments",
    "tests/integration/process/test_stalls.py": "the freezes of a process",
    "tests/integration/process/test_supervisor.py": "a suspension that is longer than a worker may hang",
    "tests/ops/alerts/test_live_alerts.py": "the load",
    "tests/unit/stores/test_deadline.py": "a call that takes longer than its deadline",
    "tests/integration/publishing/test_writer_outage.py": "the pause of a producer before it repeats",
    "tests/integration/live/test_kills.py": "the rhythm of a producer, and kills at different moments",
    "tests/integration/publishing/test_redis_bus.py": "the time between two probes",
    "tests/unit/process/test_read_progress.py": "virtual time",
    "tests/unit/publishing/test_awaited_definitions.py": "virtual time",
    "tests/unit/publishing/test_conversion.py": "virtual time",
    "tests/unit/publishing/test_event_reader.py": "virtual time",
    "tests/unit/publishing/test_feed_properties.py": "virtual time",
    "tests/unit/publishing/test_feed.py": "virtual time",
    "tests/unit/publishing/test_feeds.py": "virtual time",
    "tests/unit/publishing/test_hold_back.py": "virtual time",
    "tests/unit/publishing/test_writer.py": "virtual time",
    "tests/unit/websocket/test_pacer.py": "virtual time",
}
"""Test modules that sleep, and what the time stands for: never for a condition."""

SOURCES = {"cli": "service/cli/checks", "client": "clients/python/src/streaming_content"}
"""Source directories that tests/unit names otherwise, or that it does not repeat."""


def files(*suffixes: str) -> dict[str, str]:
    """The text of the tracked files with these suffixes, by path."""
    return {path: (PROJECT / path).read_text() for path in sorted(tracked_files()) if path.endswith(suffixes)}


PYTHON = files(".py")
MODULES = {path: text for path, text in PYTHON.items() if path.startswith(PRODUCT)}
SCRIPTS = {path: text for path, text in files(".mjs", ".ts").items() if re.match(r"clients/(?!js/dist/)", path)}
TESTS = {path: text for path, text in PYTHON.items() if path.startswith("tests/")}


def lines_with(pattern: str, texts: dict[str, str]) -> list[str]:
    return [
        f"{path}:{number}: {line.strip()}"
        for path, text in texts.items()
        for number, line in enumerate(text.splitlines(), 1)
        if re.search(pattern, line)
    ]


def package(path: str) -> str:
    """``service.content.html``, ``alerts``: the first level, and in ``service`` and ``clients`` the third."""
    parts = Path(path).parent.parts
    return ".".join(parts[: 3 if parts[0] in {"service", "clients"} else 1])


def test_modules_are_short() -> None:
    lines = {
        path: text.count("\n")
        for path, text in (MODULES | TESTS | SCRIPTS).items()
        if not GENERATED.search(text[:1000])
    }
    assert {path: count for path, count in lines.items() if count > LINES_OF_A_MODULE} == {}


def test_names_of_modules_are_specific() -> None:
    uses = Counter(Path(path).stem for path in MODULES)
    assert {name: count for name, count in uses.items() if count > USES_OF_A_NAME and name not in UNBOUND_NAMES} == {}


def test_no_package_is_a_drawer() -> None:
    sizes: Counter[str] = Counter()
    for path, text in MODULES.items():
        sizes[package(path)] += text.count("\n")
    limit = SHARE_OF_A_PACKAGE * sizes.total()
    assert {name: lines for name, lines in sizes.items() if lines > limit} == {}


@pytest.mark.parametrize("path", [path for path in TESTS if re.match(r"tests/unit/.*test_\w+\.py", path)])
def test_unit_tests_mirror_the_source(path: str) -> None:
    relative = path.removeprefix("tests/unit/")
    source = re.sub(r"(^|/)test_(\w+\.py)$", r"\1\2", relative)
    top, _, rest = source.partition("/")
    candidates = {source, f"service/{source}", f"{SOURCES.get(top)}/{rest}"}
    assert relative in UNIT_TESTS_BY_SUBJECT or candidates & PYTHON.keys()


def test_no_pattern_has_a_possessive_group() -> None:
    """Python before 3.11.5, which Debian 12 has, does not match these reliably; of a character class it does."""
    group = re.compile(r"(?<!')\)(?:[*?+]|\{[0-9,]+\})\+|\(\?>")
    sources = [path for path in tracked_files() if path.startswith(PRODUCT) and path.endswith(".py")]
    assert [path for path in sources if group.search((PROJECT / path).read_text())] == []


def test_budgets_of_property_tests_come_from_profiles() -> None:
    others = {path: text for path, text in TESTS.items() if path not in {"tests/profiles.py", _THIS}}
    assert lines_with(r"max_examples=|deadline=", others) == []


def test_tests_wait_for_conditions() -> None:
    """``tests.waiting`` waits for a condition; no test sleeps until something has probably happened."""
    modules = {path: text for path, text in TESTS.items() if "/test_" in path and path not in SLEEPS}
    assert lines_with(r"\bsleep\((?!0\))|\bEvent\(\)\.wait\b(?!\(\))", modules) == []


def test_no_test_asserts_a_duration() -> None:
    """Only the proofs read a clock, for their figures; the benchmarks measure the speed of the service."""
    modules = {path: text for path, text in TESTS.items() if "/test_" in path and "mark.proof" not in text}
    assert lines_with(r"\b(monotonic|perf_counter|process_time)\(\)|\bloop\(\)\.time\b", modules) == []


_THIS = Path(__file__).relative_to(PROJECT).as_posix()

"""LogQL and TraceQL in documents: valid by Grafana's grammars, over declared events, fields, spans and attributes."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from msgspec import Struct

from observability.registry.log_events import LOG_EVENTS
from observability.registry.log_types import LogLevel
from observability.registry.spans import SPANS
from tests.ops.alerts.documents import RUNBOOKS
from tests.ops.alerts.test_runbooks import names
from tests.ops.packaging.project import PROJECT, tracked_files
from tools.node import NODE

GRAMMARS = Path(__file__).parent / "grammars"
SERVICE = "streaming-content-api"
STREAM_LABELS = {"service_name"}
"""The labels of a log stream in Loki; all other fields are in the line."""
OF_EVERY_LINE = {"ts", "level", "event", "message", "instance"}
FIELDS = {event.name: {field.name for field in event.fields} for event in LOG_EVENTS}
ATTRIBUTES = {attribute.name for span in SPANS for attribute in span.attributes}
RESOURCE = {"service.name", "service.instance.id"}
INTRINSIC = {"name", "status", "duration", "kind", "rootName"}
WITHOUT_LOG_EVENT = {"no-target.md", "watchdog.md"}
"""Runbooks of faults outside the service."""

_BLOCK = re.compile(r"^```(logql|traceql)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


class Query(Struct, frozen=True):
    path: str
    language: str
    text: str


class Parsed(Struct, frozen=True):
    errors: list[str]
    names: list[str]
    """The names of fields, in order."""
    comparisons: list[tuple[str, str]]
    """Fields and the texts that they are compared with."""


def documented() -> Iterator[Query]:
    for path in sorted(tracked_files()):
        if path.endswith(".md"):
            for language, text in _BLOCK.findall((PROJECT / path).read_text()):
                yield Query(path, language, text.strip())


QUERIES = list(documented())
EACH = pytest.mark.parametrize("query", QUERIES, ids=[f"{query.path}-{query.language}" for query in QUERIES])


def parse(*queries: Query) -> list[Parsed]:
    lines = "".join(json.dumps({"language": query.language, "query": query.text}) + "\n" for query in queries)
    done = subprocess.run([NODE, "parse.mjs"], cwd=GRAMMARS, input=lines, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [msgspec.json.decode(line, type=Parsed) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def parsed() -> dict[Query, Parsed]:
    return dict(zip(QUERIES, parse(*QUERIES), strict=True))


@EACH
def test_a_query_is_valid(query: Query, parsed: dict[Query, Parsed]) -> None:
    assert parsed[query].errors == [], query.text


@EACH
def test_a_query_uses_only_declared_names(query: Query, parsed: dict[Query, Parsed]) -> None:
    faults = log_faults(parsed[query]) if query.language == "logql" else trace_faults(parsed[query])
    assert list(faults) == [], query.text


def log_faults(parsed: Parsed) -> Iterator[str]:
    compared = dict(parsed.comparisons)
    if compared.get("service_name") != SERVICE:
        yield "service_name is not that of the service"
    events = set(compared.get("event", "|".join(FIELDS)).split("|"))
    yield from (f"no event {event}" for event in events - FIELDS.keys())
    fields = {name for event in events & FIELDS.keys() for name in FIELDS[event]} | OF_EVERY_LINE | STREAM_LABELS
    yield from (f"{', '.join(sorted(events))} has no field {name}" for name in parsed.names if name not in fields)
    known = names() | {str(level) for level in LogLevel}
    for field, value in parsed.comparisons:
        if field not in {"service_name", "event", "trace_id"}:
            yield from (
                f"{field} is never {one}" for one in value.split("|") if one not in known and one != one.upper()
            )


def trace_faults(parsed: Parsed) -> Iterator[str]:
    for name in parsed.names:
        scope, _, rest = name.partition(".")
        known = {"span": ATTRIBUTES, "resource": RESOURCE}.get(scope)
        if name not in INTRINSIC and (known is None or rest not in known):
            yield f"no attribute {name}"
    compared = dict(parsed.comparisons)
    if compared.get("resource.service.name") != SERVICE:
        yield "resource.service.name is not that of the service"
    if (span := compared.get("name")) is not None and span not in {one.name for one in SPANS}:
        yield f"no span {span}"


@pytest.mark.parametrize("path", sorted(RUNBOOKS.glob("*.md")), ids=lambda path: path.stem)
def test_a_runbook_has_a_query_of_the_log(path: Path) -> None:
    languages = {language for language, _ in _BLOCK.findall(path.read_text())}
    assert ("logql" in languages) is (path.name not in WITHOUT_LOG_EVENT)


@pytest.mark.parametrize(
    ("language", "text", "fault"),
    [
        ("logql", '{service_name="streaming-content-api"} | json | event=', "at "),
        ("traceql", '{ name = "stream" && }', "at 21"),
        ("logql", '{service_name="other"} | json', "service_name is not that of the service"),
        ("logql", f'{{service_name="{SERVICE}"}} | json | event="stream_began"', "no event stream_began"),
        ("logql", f'{{service_name="{SERVICE}"}} | json | event="drain_started" | chunks > 1', "no field chunks"),
        (
            "logql",
            f'{{service_name="{SERVICE}"}} | json | event="connection_closed" | reason="bored"',
            "is never bored",
        ),
        ("traceql", f'{{ resource.service.name = "{SERVICE}" && span.stream.colour = "red" }}', "no attribute"),
        ("traceql", f'{{ resource.service.name = "{SERVICE}" && name = "river" }}', "no span river"),
    ],
)
def test_a_fault_in_a_query_is_detected(language: str, text: str, fault: str) -> None:
    [parsed] = parse(Query("", language, text))
    faults = log_faults(parsed) if language == "logql" else trace_faults(parsed)
    assert any(fault in found for found in [*parsed.errors, *faults])

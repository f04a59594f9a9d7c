"""Loki: the lines of an id, or those of a period."""

from typing import Any

import msgspec

from service.cli.explain.causes.wording import counted
from service.cli.explain.evidence import LogLine, Period
from service.cli.explain.evidence.log_lines import line_of, parse_line
from service.cli.explain.sources.gathering import Gathered, Unreachable, gather
from service.cli.explain.sources.http_source import Server

SELECTOR = '{service_name="streaming-content-api"}'
_LIMIT = 5000
"""The largest answer that Loki gives by default."""
_NANOSECONDS = 1e9
_IDS = ("stream_id", "trace_id", "session_id", "connection_id", "error_id")
_LIFECYCLE = (
    "connection_opened|connection_closed|stream_requested|content_analysed|stream_completed|adaptive_speed_selected"
)
"""Events of which a busy service writes thousands: they are read apart, so that they displace no other."""
_RENAMED = {"event_name": "event", "severity_text": "level", "service_instance_id": "instance"}
"""The labels of a record that came over OTLP, whose line is the message alone."""


def read_loki(server: Server, selector: str, period: Period, ids: tuple[str, ...] = ()) -> Gathered:
    """The lines that have one of the ids; without ids those of the period, the newest if there are many."""

    def read(found: Gathered) -> str:
        truncated = False
        for query in _queries(selector, ids):
            entries = _entries(server, query, period)
            truncated |= len(entries) >= _LIMIT
            found.lines += [line for line in map(_line, entries) if line is not None]
        return counted(len(found.lines), "line") + (f"; of a query only the newest {_LIMIT}" if truncated else "")

    return gather(f"Loki {server.name}", read, live=True)


def _queries(selector: str, ids: tuple[str, ...]) -> list[str]:
    """A line has its fields in JSON, or, if it came over OTLP, in structured metadata."""
    if not ids:
        return [
            f'{selector} !~ `"event":"({_LIFECYCLE})"` | event_name !~ "{_LIFECYCLE}"',
            f'{selector} |~ `"event":"({_LIFECYCLE})"`',
            f'{selector} | event_name =~ "{_LIFECYCLE}"',
        ]
    quoted = [msgspec.json.encode(one).decode() for one in ids]
    metadata = " or ".join(f"{field} = {one}" for one in quoted for field in _IDS)
    return [*(f"{selector} |= {one}" for one in quoted), f"{selector} | {metadata}"]


def _entries(server: Server, query: str, period: Period) -> list[tuple[dict[str, str], str, str]]:
    answer = server.get_json(
        "/loki/api/v1/query_range",
        query=query,
        start=int(period.start * _NANOSECONDS),
        end=int(period.end * _NANOSECONDS),
        limit=_LIMIT,
        direction="backward",
    )
    try:
        streams: list[dict[str, Any]] = answer["data"]["result"]  # type: ignore[index]
        return [(one["stream"], str(entry[0]), str(entry[1])) for one in streams for entry in one["values"]]
    except (KeyError, TypeError, IndexError) as error:
        raise Unreachable("the response is not that of Loki: is this the right address?") from error


def _line(entry: tuple[dict[str, str], str, str]) -> LogLine | None:
    labels, nanoseconds, text = entry
    if (line := parse_line(text.encode())) is not None:
        return line
    fields = {_RENAMED.get(name, name): _value(value) for name, value in labels.items()}
    found = line_of({**fields, "ts": "1970-01-01T00:00:00Z", "message": text, "level": str(fields.get("level", ""))})
    return found and msgspec.structs.replace(found, at=int(nanoseconds) / _NANOSECONDS)


def _value(text: str) -> object:
    """Structured metadata is text; numbers are numbers again."""
    try:
        return float(text) if len(text) < 20 and not text.isalpha() else text  # noqa: PLR2004 - ids are longer
    except ValueError:
        return text

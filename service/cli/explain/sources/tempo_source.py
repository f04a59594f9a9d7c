"""Tempo: the spans of a trace, or of a stream or session that it is searched for."""

import re

import msgspec

from service.cli.explain.causes.wording import counted
from service.cli.explain.evidence import Period
from service.cli.explain.evidence.span_lines import parse_spans
from service.cli.explain.sources.gathering import Gathered, Unreachable, gather
from service.cli.explain.sources.http_source import Server

_TRACES = 20
_ATTRIBUTES = ("span.stream.id", "span.session.id", "span.connection.id")
_TRACE_ID = re.compile(r"[0-9a-f]{32}")


def read_tempo(server: Server, period: Period, ids: tuple[str, ...]) -> Gathered:
    """The spans of the traces with one of the ids, or in which a span has one of them as an attribute."""

    def read(found: Gathered) -> str:
        traces = {one for one in ids if _TRACE_ID.fullmatch(one)}
        for one in ids:
            traces.update(_search(server, one, period))
        read = sum(_add(server, trace, found) for trace in sorted(traces))
        return f"{counted(len(found.spans), 'span')} of {counted(read, 'trace')}"

    return gather(f"Tempo {server.name}", read, live=True)


def _add(server: Server, trace_id: str, found: Gathered) -> bool:
    """Whether the trace exists."""
    try:
        body = server.get(f"/api/v2/traces/{trace_id}")
    except Unreachable as error:
        if str(error).startswith("HTTP 404"):
            return False
        raise
    spans = parse_spans(body)
    if spans is None:
        raise Unreachable("the response is not that of Tempo: is this the right address?")
    found.spans += spans
    return bool(spans)


def _search(server: Server, text: str, period: Period) -> list[str]:
    quoted = msgspec.json.encode(text).decode()
    query = "{ " + " || ".join(f"{attribute} = {quoted}" for attribute in _ATTRIBUTES) + " }"
    answer = server.get_json("/api/search", q=query, start=int(period.start), end=int(period.end) + 1, limit=_TRACES)
    traces = answer.get("traces") if isinstance(answer, dict) else None
    return [str(trace["traceID"]).rjust(32, "0") for trace in traces or ()]

"""What happened to one stream, in order: from its lines, its spans and the lines of its process."""

from collections.abc import Iterator

from msgspec import Struct

from service.cli.explain.causes.wording import counted, exception, seconds
from service.cli.explain.evidence import Evidence, LogLine, Span

_KILO = 1000
_PHASES = {
    "rate_limit": "admission",
    "queue": "queue",
    "content_wait": "content_wait",
    "convert": "work",
    "sanitise": "work",
    "analyse": "work",
    "chunk": "work",
    "store": "store",
}
"""The phase of a request to which a span belongs, as in stream_request_phase_seconds."""
_HIDDEN = ("error_detail", "adaptive_speed_selected", "recovery_detail", "chunk_sent")
_LOGGED = {"first_chunk": "first_chunk_sent", "last_chunk": "stream_completed"}
"""The log event of an event of a span."""
_LIVE_ENDS = {
    "complete": ("completed", ""),
    "cancelled": ("cancelled", ""),
    "error": ("error", "PRODUCER_FAILED"),
    "abandoned": ("error", "PRODUCER_FAILED"),
}
"""How a live stream ended, as the outcome of a stream and the code of its error."""
_PROCESS_EVENTS = (
    "dependency_unavailable",
    "dependency_recovered",
    "drain_started",
    "event_loop_stalled",
    "worker_replaced",
)
"""Lines of the process that belong into the time line of a stream."""


class Moment(Struct, frozen=True):
    """One entry of the time line."""

    at: float
    what: str


class StreamStory(Struct, frozen=True, kw_only=True):
    """One stream on all its connections, as far as lines and spans have it."""

    stream_id: str
    trace_id: str = ""
    session_id: str = ""
    start: float
    end: float
    moments: tuple[Moment, ...] = ()
    phases: dict[str, float] = {}
    """Seconds in each phase before the first chunk."""
    first_chunk_seconds: float | None = None
    """From the arrival of the request, or as the service measured it."""
    blocked_seconds: float = 0.0
    """The longest time for which the socket of the client was full."""
    outcome: str = ""
    """Of its last connection; empty if no end is known."""
    code: str = ""
    """Of the error that ended it."""
    resumable: bool = False
    error_id: str = ""
    exception: str = ""
    close_reason: str = ""
    """Of the connection on which it ended."""
    recovered: int = 0
    """The number of times that it continued on another connection."""
    worker_died: bool = False
    """Whether a worker died while it ran."""
    content: str = ""
    """Its content in words: 405 bytes of markdown."""
    sources: tuple[str, ...] = ()

    @property
    def longest_phase(self) -> str:
        return max(self.phases, key=lambda name: self.phases[name], default="")


def story_of(stream_id: str, evidence: Evidence) -> StreamStory:
    """The story of a stream that at least one line or span has."""
    own = [line for line in evidence.lines if line.text("stream_id") == stream_id]
    roots = [span for span in evidence.spans if span.text("stream.id") == stream_id]
    traces = {span.trace_id for span in roots} | {line.text("trace_id") for line in own if line.text("trace_id")}
    spans = [span for span in evidence.spans if span in roots or _belongs(span, roots)]
    times = [line.at for line in own] + [time for span in spans for time in (span.start, span.end)]
    start, end = min(times), max(times)
    connections = {line.text("connection_id") for line in own} | {span.text("connection.id") for span in roots}
    closes = [
        line
        for line in evidence.lines
        if line.event == "connection_closed" and line.text("connection_id") in connections - {""}
    ]
    ends = [line for line in own if line.event in ("stream_completed", "stream_ended")]
    live_ends = [_LIVE_ENDS[line.text("outcome")] for line in own if line.event == "live_stream_ended"]
    live_outcome, live_code = live_ends[-1] if live_ends else ("", "")
    faults = [line for line in own if line.event == "fault_raised"]
    errors = [line for line in own if line.text("code")]
    requested = next((line for line in own if line.event == "stream_requested"), None)
    process = [line for line in evidence.lines if line.event in _PROCESS_EVENTS and start <= line.at <= end]
    last_root = max(roots, key=lambda span: span.end, default=None)
    return StreamStory(
        stream_id=stream_id,
        trace_id=min(traces, default=""),
        session_id=next((line.text("session_id") for line in own), last_root.text("session.id") if last_root else ""),
        start=start,
        end=max([end, *(line.at for line in closes if ends and line.at - ends[-1].at < 1)]),
        moments=tuple(sorted(_moments(own, closes, process, spans), key=lambda moment: (moment.at, moment.what))),
        phases=_phases(own, spans),
        first_chunk_seconds=_first_chunk(own, roots, requested),
        blocked_seconds=max(
            (line.number("seconds") or 0 for line in own if line.event == "backpressure_released"), default=0
        ),
        outcome=live_outcome
        or (ends[-1].text("outcome") if ends else last_root.text("stream.outcome") if last_root else ""),
        code=live_code
        or (ends[-1].text("code") if ends else "")
        or (errors[-1].text("code") if errors else "")
        or (last_root.text("stream.error_code") if last_root else ""),
        resumable=bool(ends and ends[-1].fields.get("resumable")),
        error_id=faults[-1].text("error_id") if faults else "",
        exception=exception(faults[-1]) if faults else "",
        close_reason=closes[-1].text("reason") if closes else "",
        recovered=sum(line.event == "stream_recovered" for line in own),
        worker_died=any(line.event == "worker_replaced" for line in process),
        content=f"{counted(requested.number('bytes') or 0, 'byte')} of {requested.text('content_type')}"
        if requested
        else "",
        sources=tuple(name for name, found in (("log", own), ("traces", spans)) if found),
    )


def _belongs(span: Span, roots: list[Span]) -> bool:
    """Whether a span is a child of the stream; a trace of a client may have several streams."""
    return any(span.parent_id == root.span_id and span.trace_id == root.trace_id for root in roots)


def _phases(own: list[LogLine], spans: list[Span]) -> dict[str, float]:
    phases: dict[str, float] = {}
    for span in spans:
        if phase := _PHASES.get(span.name):
            phases[phase] = phases.get(phase, 0.0) + span.seconds
    for line in own:
        if line.event == "content_analysed":
            phases.setdefault("queue", (line.number("queued_ms") or 0) / _KILO)
            if not phases.keys() & {"work", "content_wait"}:
                phases["work"] = (line.number("processing_ms") or 0) / _KILO
    return phases


def _first_chunk(own: list[LogLine], roots: list[Span], requested: LogLine | None) -> float | None:
    for root in roots:
        for event in root.events:
            if event.name == "first_chunk":
                return event.at - root.start
    sent = next((line for line in own if line.event == "first_chunk_sent"), None)
    begun = sent or next((line for line in own if line.event == "content_analysed"), None)
    if begun is None or requested is None:
        return None
    return max(begun.at - requested.at, (sent.number("ms") or 0) / _KILO if sent else 0.0)


def _moments(own: list[LogLine], closes: list[LogLine], process: list[LogLine], spans: list[Span]) -> Iterator[Moment]:
    logged = {line.event for line in own}
    yield from (Moment(line.at, _words(line)) for line in own if line.event not in _HIDDEN)
    yield from (
        Moment(line.at, f"connection closed: {line.text('reason')}, code {line.text('code')}") for line in closes
    )
    yield from (Moment(line.at, f"process: {line.message}") for line in process)
    for span in spans:
        if span.name == "stream":
            yield Moment(span.start, "request arrived" if not span.text("stream.recovery") else "recovery requested")
            if not logged & {"stream_completed", "stream_ended"}:
                yield Moment(span.end, f"ended: {span.text('stream.outcome')}")
            for event in span.events:
                if _LOGGED.get(event.name) not in logged:
                    yield Moment(event.at, event.name.replace("_", " "))
        elif span.name not in ("deliver", "recover"):
            yield Moment(span.start, f"{span.name} for {seconds(span.seconds)}")


def _words(line: LogLine) -> str:
    """A line in the words of the time line."""
    if line.event == "content_analysed":
        return (
            f"content prepared in {seconds((line.number('processing_ms') or 0) / _KILO)} "
            f"after {seconds((line.number('queued_ms') or 0) / _KILO)} in the queue: {line.text('chunks')} chunks"
        )
    if line.event == "fault_raised":
        return f"{line.message}: {exception(line)}"
    return line.message

"""Telemetry itself: what is lost, and what cannot be seen for that reason."""

from collections.abc import Iterator

from service.cli.explain.causes.finding import Finding
from service.cli.explain.causes.wording import counted, kept, listed, number
from service.cli.explain.evidence import Evidence

_DROPPED = "stream_telemetry_dropped_total"
_FAILED = "stream_telemetry_errors_total"
_EXPORTERS = ("observability", "opentelemetry", "sentry_sdk", "urllib3")
_READERS = {
    "logs": "the reader of standard output",
    "otlp_logs": "the collector",
    "traces": "the collector",
    "metrics": "the collector",
    "errors": "Sentry",
}


def telemetry_dropped(evidence: Evidence) -> Iterator[Finding]:
    """Log lines, spans or error reports are lost on their way to the receiver."""
    dropped = evidence.metrics.increases(_DROPPED, "signal")
    lost = evidence.recent("lines_lost")
    if lost and "logs" not in dropped:
        dropped["logs"] = sum(line.number("count") or 0 for line in lost)
    messages = [line for line in evidence.recent("library_message") if line.text("logger").startswith(_EXPORTERS)]
    if not dropped and not messages:
        return
    signals = list(dropped) or ["traces"]
    receivers = ", ".join(sorted({_READERS.get(signal, signal) for signal in signals}))
    yield Finding(
        what=f"Telemetry is lost: {listed(dropped)}; {receivers} is unavailable or too slow."
        if dropped
        else f"The export of telemetry fails: {receivers} is unavailable or too slow.",
        since=messages[0].at if messages else evidence.metrics.began(_DROPPED),
        touches="no client; dashboards, traces and searches of that time have gaps",
        facts=kept(
            f"metrics: {_DROPPED}: {listed(dropped)}" if dropped else "",
            f"log: {messages[-1].message}" if messages else "",
            f"log: {counted(len(lost), 'lines_lost line')}" if lost else "",
        ),
    )


def telemetry_failing(evidence: Evidence) -> Iterator[Finding]:
    """A sink raises exceptions."""
    failed = evidence.metrics.increases(_FAILED, "sink")
    lines = evidence.recent("sink_failed")
    if failed or lines:
        names = listed(failed) or ", ".join(sorted({line.text("sink") for line in lines}))
        yield Finding(
            what=f"A sink of telemetry fails: {names}.",
            since=lines[0].at if lines else evidence.metrics.began(_FAILED),
            touches="no client; its metrics, lines or spans have gaps",
            facts=kept(
                f"metrics: {_FAILED} +{number(sum(failed.values()))}" if failed else "",
                f"log: {lines[-1].message}" if lines else "",
            ),
        )

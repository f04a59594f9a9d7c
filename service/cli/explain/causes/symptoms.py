"""What clients notice, with the part that takes the time; findings of other causes explain it."""

from collections.abc import Iterator

from service.cli.explain.causes.finding import Finding, Severity
from service.cli.explain.causes.wording import counted, kept, listed, load, number, seconds, share
from service.cli.explain.evidence import Alert, Evidence

_FIRST_CHUNK = "stream_time_to_first_chunk_seconds"
_PHASE = "stream_request_phase_seconds"
_CHUNK_LAG = "stream_chunk_lag_seconds"
_LATE_SECONDS = 0.5
_LATE_CHUNK_SECONDS = 0.1
_MIN_STREAMS = 10
_MIN_CHUNKS = 1000
_BUSY_REQUESTS = 50
_LONG_PLAN = 200
_QUIET = ("Watchdog",)


def slow_responses(evidence: Evidence) -> Iterator[Finding]:
    """The first chunk comes late."""
    metrics = evidence.metrics
    p95 = metrics.quantile(0.95, _FIRST_CHUNK)
    if p95 is None or p95.count < _MIN_STREAMS or p95.seconds <= _LATE_SECONDS:
        return
    phases = metrics.increases(f"{_PHASE}_sum", "phase", phase=("admission", "queue", "content_wait", "work", "store"))
    longest = next(iter(phases), "")
    of = f", {share(phases[longest], sum(phases.values()))} of the time in {longest}" if longest else ""
    yield Finding(
        what=f"First chunks are late: p95 {seconds(p95.seconds)}{of}.",
        since=metrics.began_above(_FIRST_CHUNK, _LATE_SECONDS),
        touches="clients with new requests; streams that run are not affected",
        facts=kept(
            f"metrics: {_FIRST_CHUNK} p95 {seconds(p95.seconds)} of {counted(p95.count, 'stream')}",
            "metrics: " + ", ".join(f"{phase} {share(spent, sum(phases.values()))}" for phase, spent in phases.items())
            if phases
            else "",
        ),
    )


def late_chunks(evidence: Evidence) -> Iterator[Finding]:
    """Chunks in the middle of streams come late."""
    lag = evidence.metrics.quantile(0.99, _CHUNK_LAG)
    if lag is not None and lag.count >= _MIN_CHUNKS and lag.seconds > _LATE_CHUNK_SECONDS:
        yield Finding(
            what=f"Chunks are late: p99 {seconds(lag.seconds)} after they were due.",
            since=evidence.metrics.began_above(_CHUNK_LAG, _LATE_CHUNK_SECONDS),
            touches=f"text appears in bursts: {load(evidence)}",
            facts=(f"metrics: {_CHUNK_LAG} p99 {seconds(lag.seconds)} of {counted(lag.count, 'chunk')}",),
        )


def traffic(evidence: Evidence) -> Iterator[Finding]:
    """Clients send more than usual, or longer documents: no fault."""
    metrics = evidence.metrics
    minutes = max(evidence.recent_seconds / 60, 1)
    requests = metrics.increase("stream_requests_total") / minutes
    plan = metrics.quantile(0.95, "stream_chunks")
    if requests > _BUSY_REQUESTS:
        yield Finding(
            what=f"Traffic is high: {number(requests)} requests a minute.",
            severity=Severity.NOTE,
            facts=(f"metrics: stream_requests_total, {load(evidence)}",),
        )
    if plan is not None and plan.count > _MIN_STREAMS and plan.seconds > _LONG_PLAN:
        yield Finding(
            what=f"Clients send large content: p95 {number(plan.seconds)} chunks.",
            severity=Severity.NOTE,
            facts=(f"metrics: stream_chunks of {counted(plan.count, 'stream')}",),
        )


def alert_firing(alert: Alert) -> Finding:
    """An alert that fires and that no finding explains."""
    severity = {"critical": Severity.CRITICAL, "info": Severity.NOTE}.get(
        alert.labels.get("severity", ""), Severity.WARNING
    )
    return Finding(
        what=f"{alert.name} fires: {alert.annotations.get('summary', 'no summary')}",
        severity=severity,
        since=alert.since,
        facts=kept(" ".join(alert.annotations.get("description", "").split())),
        cause="alert",
        alerts=(alert.name,),
        runbook=alert.runbook,
    )


def no_watchdog(alerts: tuple[Alert, ...]) -> Iterator[Finding]:
    """Alertmanager receives no alert: not even the one that always fires."""
    if not any(alert.name in _QUIET for alert in alerts):
        names = listed({alert.name: 1.0 for alert in alerts})
        yield Finding(
            what="Alertmanager does not have the Watchdog: Prometheus does not reach it, or has no rules.",
            touches="no operator is paged, whatever happens",
            facts=kept(f"alertmanager: {names}" if names else "alertmanager: no alert at all"),
        )

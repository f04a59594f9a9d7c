"""The process: its event loop, its memory, its processor, its sockets."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from operator import lt

from service.cli.explain.causes.finding import Finding, Severity
from service.cli.explain.causes.wording import counted, kept, load, number, places, seconds, settings, share
from service.cli.explain.evidence import Evidence, LogLine

_STALLS = "stream_event_loop_stall_seconds_total"
_STALLED_SHARE = 0.02
_STALLED_SECONDS = 1.0
"""Less than this, and less than that share of the time, is a busy machine."""
_BUSY_CORES = 0.9
_LATE_SECONDS = 0.05
_MEMORY_RATIO = 0.8
_MEGABYTE = 1e6


def loop_stalls(evidence: Evidence) -> Iterator[Finding]:
    """The event loop of a process stands still from time to time."""
    metrics = evidence.metrics
    lines = _stalls(evidence)
    longest = max((_stall_seconds(line) for line in lines), default=0.0)
    recent = evidence.recent_seconds
    limit = max(_STALLED_SHARE * recent, _STALLED_SECONDS)
    series = metrics.series(_STALLS)
    stalled = [one for one in series if metrics.growth(one) >= limit]
    worst = max((metrics.growth(one) for one in stalled), default=0.0) or sum(map(_stall_seconds, lines))
    if not stalled and (series or worst < limit):
        return
    frames = Counter(line.text("frame") for line in lines if line.text("frame") not in {"", "-"})
    where = places((one.labels for one in stalled), (one.labels for one in series))
    yield Finding(
        what=f"The event loop stands still{where}: {seconds(worst)} within {seconds(recent)}.",
        since=metrics.began(_STALLS) or (lines[0].at if lines else None),
        touches="every stream of that process: chunks and answers come late, then in bursts",
        facts=kept(
            f"metrics: {_STALLS} +{worst:.2f} s ({share(worst, recent)} of the time)" if stalled else "",
            f"log: {counted(len(lines), 'stall')}, the longest {seconds(longest)}" if lines else "",
            f"log: mostly in {frames.most_common(1)[0][0]}" if frames else "",
        ),
        remedy=""
        if frames
        else "No code of the service shows: look for a CPU limit, a paused machine, other processes.",
    )


def processor_busy(evidence: Evidence) -> Iterator[Finding]:
    """A process needs a whole core, and its chunks are late."""
    metrics = evidence.metrics
    recent = evidence.recent_seconds
    late = metrics.quantile(0.99, "stream_chunk_lag_seconds")
    busy = [
        one.labels for one in metrics.series("process_cpu_seconds_total") if metrics.growth(one) > _BUSY_CORES * recent
    ]
    if busy and late is not None and late.seconds > _LATE_SECONDS:
        where = places(busy, (one.labels for one in metrics.series("process_cpu_seconds_total")))
        yield Finding(
            what=f"A process uses its whole core{where}, and its chunks are late (p99 {seconds(late.seconds)}).",
            touches=load(evidence),
            facts=(f"metrics: process_cpu_seconds_total +{_BUSY_CORES:.0%} of the time or more",),
            remedy="More workers or instances, or fewer connections for each.",
        )


def memory_high(evidence: Evidence) -> Iterator[Finding]:
    """Memory is near its limit."""
    metrics = evidence.metrics
    limits = {_instance(one.labels): one.value for one in metrics.present("stream_memory_limit_bytes")}
    for one in metrics.present("stream_memory_usage_bytes"):
        limit = limits.get(_instance(one.labels), 0)
        if limit and one.value > _MEMORY_RATIO * limit:
            used, allowed = one.value / _MEGABYTE, limit / _MEGABYTE
            yield Finding(
                what=f"Memory is near its limit: {used:.0f} of {allowed:.0f} MB ({share(used, allowed)})"
                f"{places([one.labels], (other.labels for other in metrics.present('stream_memory_usage_bytes')))}.",
                since=metrics.held_since(partial(lt, _MEMORY_RATIO * limit), "stream_memory_usage_bytes", **one.labels),
                touches=f"at the limit the kernel kills the process, with all it serves: {load(evidence)}",
                facts=("metrics: stream_memory_usage_bytes, stream_memory_limit_bytes",),
            )


def seats_full(evidence: Evidence) -> Iterator[Finding]:
    """Handshakes are refused, because all connections or sockets are taken."""
    metrics = evidence.metrics
    refused = metrics.increase("stream_connection_attempts_total", outcome="refused_capacity")
    lines = evidence.recent("connection_limit_reached")
    if not refused and not lines:
        return
    limit = settings(evidence).get("MAX_CONNECTIONS", "")
    if not limit:
        limit = next(
            (f"{one.value:.0f}" for one in metrics.present("stream_config_limit", limit="max_connections")), ""
        )
    yield Finding(
        what=f"All connections are taken{f': MAX_CONNECTIONS is {number(float(limit))}' if limit else ''}.",
        severity=Severity.CRITICAL,
        since=lines[0].at if lines else metrics.began("stream_connection_attempts_total", outcome="refused_capacity"),
        touches=f"new clients: {counted(max(refused, len(lines)), 'handshake')} refused with 4101 or 503",
        facts=kept(
            f"metrics: {refused:.0f} refused_capacity; {load(evidence)}" if refused else "",
            f"log: {counted(len(lines), 'connection_limit_reached line')}" if lines else "",
        ),
        remedy="Raise MAX_CONNECTIONS if memory and descriptors allow it, or add an instance.",
    )


def accept_paused(evidence: Evidence) -> Iterator[Finding]:
    """No socket could be accepted."""
    metrics = evidence.metrics
    pauses = metrics.increase("stream_accept_pauses_total")
    lines = evidence.recent("accept_paused")
    if pauses or lines:
        resumed = evidence.recent("accept_resumed")
        reason = lines[-1].text("reason") if lines else ""
        yield Finding(
            what=f"No connection can be accepted{f': {reason}' if reason else ''}."
            if len(resumed) < len(lines)
            else f"For a while no connection could be accepted{f': {reason}' if reason else ''}.",
            since=lines[0].at if lines else metrics.began("stream_accept_pauses_total"),
            touches="new clients and health checks wait; open connections are not affected",
            facts=(
                f"metrics: {counted(pauses, 'pause')}"
                if pauses
                else f"log: {counted(len(lines), 'accept_paused line')}",
            ),
            remedy="Raise the limit of open files.",
        )


def _stall_seconds(line: LogLine) -> float:
    return (line.number("ms") or 0) / 1000


def _stalls(evidence: Evidence) -> Sequence[LogLine]:
    """One line for each stall: the one at its end, or the last one of a stall that lasts."""
    lines = evidence.recent("event_loop_stalled")
    return [line for line in lines if not line.fields.get("lasts")] or lines[-1:]


def _instance(labels: Mapping[str, str]) -> tuple[str, str]:
    return labels.get("instance", ""), labels.get("worker", "")

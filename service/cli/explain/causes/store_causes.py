"""Dependencies: unavailable, slow, full or in memory."""

from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct

from service.cli.explain.causes.finding import Finding, Severity
from service.cli.explain.causes.wording import counted, kept, places, seconds, sessions, settings
from service.cli.explain.evidence import Evidence, LogLine, Measurements
from service.events import Dependency

_UP = "stream_dependency_up"
_CALLS = "stream_dependency_call_seconds"
_ERRORS = "stream_dependency_errors_total"
_FEW_CALLS = 5
_MANY_CALLS = 20
"""As for the alert; of fewer calls most must be slow."""
_BACKGROUND = ("renew_leases", "update_status", "measure", "ping", "revocations", "debit")
"""Operations for which no client waits."""


class _Role(Struct, frozen=True):
    """What a dependency is for."""

    name: str
    impact: str
    slow_seconds: float
    """From this 95th percentile on it is slow."""
    severity: Severity = Severity.WARNING


_ROLES: Final[Mapping[Dependency, _Role]] = {
    Dependency.SESSION_STORE: _Role(
        "session store",
        "every handshake and request; active streams continue, but cannot be recovered",
        0.25,
        Severity.CRITICAL,
    ),
    Dependency.STREAM_WRITES: _Role(
        "store of streams (writes)", "streams that start now: resumable is false, and they cannot be recovered", 0.25
    ),
    Dependency.STREAM_READS: _Role(
        "store of streams (reads)", "clients that lost their connection: recover is refused", 0.25
    ),
    Dependency.ACCESS_STORE: _Role(
        "store of keys and quotas",
        "clients with a key that is not cached: refused; the others are served, and quotas do not apply",
        0.25,
    ),
    Dependency.LIVE_STORE: _Role(
        "store of live streams", "producers of live streams: they wait, and their readers see nothing new", 0.25
    ),
    Dependency.PLAN_CACHE: _Role("plan cache", "no client: content is prepared again", 0.25),
    Dependency.TOKEN_KEYS: _Role("keys of the issuer of tokens", "users whose token has a new key are refused", 0.5),
    Dependency.USAGE_STORE: _Role("usage file", "no client; usage waits in memory and is then dropped", 1.0),
    Dependency.DATABASE: _Role("database of usage", "no client; usage waits in the file in DATA_DIR", 1.0),
}

_IN_MEMORY: Final[Mapping[Dependency, str]] = {
    Dependency.SESSION_STORE: "a restart loses it, and each worker has its own: sessions and limits are not shared",
    Dependency.ACCESS_STORE: "no key is valid, and each worker has its own quotas and revocations",
    Dependency.LIVE_STORE: "a restart loses live streams, and only the worker of a producer has readers of its stream",
    Dependency.USAGE_STORE: "no client; a restart loses the usage",
}
"""Whom a store in memory affects."""


def down(of: Dependency, evidence: Evidence) -> Iterator[Finding]:
    """A dependency is unavailable, or was in the period."""
    role, dependency = _ROLES[of], of.value
    metrics = evidence.metrics
    states = metrics.present(_UP, dependency=dependency)
    failed = [sample for sample in states if sample.value == 0]
    outages = _outages(evidence, dependency)
    in_memory = bool(_in_memory(evidence, dependency))
    logged_down = bool(outages) and outages[-1][1] is None
    if in_memory or not (failed or (logged_down and not states) or outages):
        return
    over = not failed and not (logged_down and not states)
    last = outages[-1][0] if outages else None
    where = places((one.labels for one in failed), (one.labels for one in states))
    failures = metrics.increase(_ERRORS, dependency=dependency)
    facts = kept(
        f"metrics: {_UP} is 0" if failed else "",
        f"metrics: {counted(failures, 'failed call')}" if failures else "",
        f"log: {counted(len(outages), 'outage')}; reason: {last.text('reason')}" if last else "",
    )
    since = metrics.held_since(lambda value: value == 0, _UP, dependency=dependency) if failed else None
    yield Finding(
        what=f"The {_name(evidence, of)} {'was' if over else 'is'} unavailable{where}.",
        severity=role.severity,
        since=last.at if last and (over or logged_down) else since,
        touches=role.impact,
        facts=facts,
        remedy="" if over else "Restore it; each process reconnects within two seconds, without a restart.",
        over=over,
    )


def slow(of: Dependency, evidence: Evidence) -> Iterator[Finding]:
    """The calls of a dependency take long."""
    role, dependency = _ROLES[of], of.value
    measured = _measured(evidence.metrics, dependency, role.slow_seconds)
    traced = _traced(evidence, role.slow_seconds) if of is Dependency.SESSION_STORE else ""
    if not measured and not traced:
        return
    facts = kept(measured, traced)
    metrics = evidence.metrics
    yield Finding(
        what=f"The {_name(evidence, of)} is slow: {facts[0].partition(': ')[2].partition(',')[0]}.",
        since=_slow_since(metrics, dependency, role.slow_seconds),
        touches=role.impact.partition(";")[0],
        facts=facts,
        remedy="Look at the server of the store: its load, its slow log, and the network on the way."
        if settings(evidence).get("REDIS_URL")
        else "",
    )


def failing_calls(evidence: Evidence) -> Iterator[Finding]:
    """Calls of a dependency fail, and others do not: it is not unavailable."""
    metrics = evidence.metrics
    for dependency, failed in metrics.increases(_ERRORS, "dependency").items():
        series = metrics.series(_ERRORS, dependency=dependency)
        affected = [one.labels for one in series if metrics.growth(one) > _MANY_CALLS]
        if affected:
            of = Dependency(dependency) if dependency in _ROLES else None
            yield Finding(
                what=f"Calls of the {_name(evidence, of) if of else dependency} fail"
                f"{places(affected, (one.labels for one in series))}: {counted(failed, 'call')}.",
                since=metrics.began(_ERRORS, dependency=dependency),
                touches=_ROLES[of].impact if of else "",
                facts=(f"metrics: {_ERRORS} +{failed:.0f}",),
            )


def in_memory(evidence: Evidence) -> Iterator[Finding]:
    """Sessions, keys or usage are in memory, because their file cannot be used."""
    for dependency, touches in _IN_MEMORY.items():
        if lines := _in_memory(evidence, dependency.value):
            yield Finding(
                what=f"The {_ROLES[dependency].name} is in memory only: its file cannot be used.",
                severity=_ROLES[dependency].severity,
                since=lines[0].at,
                touches=touches,
                facts=(f"log: store_in_memory; reason: {lines[-1].text('reason')}",),
                remedy="Make DATA_DIR writable or move the damaged file, then restart.",
            )


def store_full(evidence: Evidence) -> Iterator[Finding]:
    """The store did not keep streams or sessions, because of a limit."""
    metrics = evidence.metrics
    refused = metrics.increases("stream_store_refusals_total", "limit")
    lines = evidence.recent("store_limit_reached")
    for limit in sorted({*refused, *(line.text("limit") for line in lines)}):
        named = sessions(line for line in lines if line.text("limit") == limit)
        [(top, _)] = named.most_common(1) or [("", 0)]
        count = max(refused.get(limit, 0), sum(named.values()))
        used = sum(one.value for one in metrics.present("stream_store_bytes"))
        allowed = sum(one.value for one in metrics.present("stream_store_limit_bytes"))
        facts = kept(
            f"metrics: stream_store_refusals_total +{refused[limit]:.0f}" if limit in refused else "",
            f"metrics: the store holds {used / 1e6:.0f} of {allowed / 1e6:.0f} MB" if allowed else "",
            f"log: store_limit_reached of {counted(len(named), 'session')}" if named else "",
        )
        one = f" of the session {top}" if len(named) == 1 else ""
        yield Finding(
            what=f"The session store refuses to keep {'streams' if limit == 'bytes' else 'sessions'}{one}: "
            f"its limit of {limit} is reached.",
            since=lines[0].at if lines else metrics.began("stream_store_refusals_total", limit=limit),
            touches=f"{counted(count, 'stream or session', 'streams or sessions')}: served, but cannot be recovered",
            facts=facts,
        )


def usage_dropped(evidence: Evidence) -> Iterator[Finding]:
    """Usage rows are lost."""
    metrics = evidence.metrics
    dropped = metrics.increase("stream_usage_dropped_total")
    lines = evidence.recent("usage_dropped")
    if dropped or lines:
        rows = max(dropped, sum(line.number("rows") or 0 for line in lines))
        yield Finding(
            what=f"{counted(rows, 'usage row is', 'usage rows are')} lost: neither the queue nor the file took them.",
            since=lines[0].at if lines else metrics.began("stream_usage_dropped_total"),
            touches="no client; the usage of these streams is missing",
            facts=(f"metrics: stream_usage_dropped_total +{dropped:.0f}" if dropped else "log: usage_dropped",),
            remedy="Free space in DATA_DIR.",
        )


def _name(evidence: Evidence, dependency: Dependency) -> str:
    server = {
        Dependency.SESSION_STORE: "REDIS_URL",
        Dependency.ACCESS_STORE: "REDIS_URL",
        Dependency.LIVE_STORE: "REDIS_URL",
        Dependency.PLAN_CACHE: "REDIS_URL",
        Dependency.DATABASE: "DATABASE_URL",
    }.get(dependency, "")
    kind = {"REDIS_URL": " (Redis)", "DATABASE_URL": " (PostgreSQL)"}.get(server, "")
    return _ROLES[dependency].name + (kind if settings(evidence).get(server) else "")


def _outages(evidence: Evidence, dependency: str) -> list[tuple[LogLine, float | None]]:
    """The first line of each outage in the period, and when it ended; that of each process is one of its own."""
    found: list[tuple[LogLine, float | None]] = []
    open_: dict[str, LogLine] = {}
    lines = evidence.logged("dependency_unavailable", "dependency_recovered", after=0, dependency=dependency)
    for line in lines:
        process = line.text("instance")
        if line.event == "dependency_unavailable":
            open_.setdefault(process, line)
        elif process in open_:
            found.append((open_.pop(process), line.at))
    found += [(line, None) for line in open_.values()]
    return [(line, end) for line, end in found if end is None or end >= evidence.period.start]


def _in_memory(evidence: Evidence, dependency: str) -> list[LogLine]:
    """The lines of the processes that run now."""
    started = evidence.logged("service_started", after=0)
    ended = evidence.logged("drain_ended", after=0)
    after = started[-1].at - 5 if started and ended and ended[-1].at < started[-1].at else 0
    return evidence.logged("store_in_memory", after=after, store=dependency)


def _measured(metrics: Measurements, dependency: str, limit: float) -> str:
    """The calls for which a client waits; of a dependency that has no such calls, all."""
    counts = metrics.increases(f"{_CALLS}_count", "operation", dependency=dependency)
    waited = tuple(operation for operation in counts if operation not in _BACKGROUND) or tuple(counts)
    p95 = metrics.quantile(0.95, _CALLS, dependency=dependency, operation=waited)
    median = metrics.quantile(0.5, _CALLS, dependency=dependency, operation=waited)
    if p95 is None or median is None or p95.seconds < limit:
        return ""
    if p95.count < _FEW_CALLS or (p95.count < _MANY_CALLS and median.seconds < limit / 2):
        return ""
    if median.seconds < limit / 10 and metrics.increase("stream_event_loop_stall_seconds_total") > 0:
        return ""  # only the calls during which the process stood still were long
    spent = metrics.increases(f"{_CALLS}_sum", "operation", dependency=dependency, operation=waited)
    worst = max(waited, key=lambda operation: spent.get(operation, 0) / counts[operation])
    return (
        f"metrics: p95 {seconds(p95.seconds)}, median {seconds(median.seconds)}, of {counted(p95.count, 'call')}; "
        f"the slowest is {worst}"
    )


def _traced(evidence: Evidence, limit: float) -> str:
    """By the spans of admissions."""
    spans = [
        span.seconds for span in evidence.spans if span.name == "rate_limit" and span.end >= evidence.period.recent
    ]
    spans.sort()
    if len(spans) < _FEW_CALLS or (middle := spans[len(spans) // 2]) < limit:
        return ""
    return f"traces: median {seconds(middle)}, of {counted(len(spans), 'admission')}"


def _slow_since(metrics: Measurements, dependency: str, limit: float) -> float | None:
    """When calls over the limit began."""
    bounds = sorted({float(one.labels["le"]) for one in metrics.series(f"{_CALLS}_bucket", dependency=dependency)})
    bound = next((bound for bound in reversed(bounds) if bound <= limit), None)
    return None if bound is None else metrics.began_above(_CALLS, bound, dependency=dependency)

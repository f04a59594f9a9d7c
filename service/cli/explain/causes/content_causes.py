"""Content work: the queue before it, documents that take long, work that was killed, faults."""

from collections import Counter
from collections.abc import Iterator

from service.cli.explain.causes.finding import Finding, Severity
from service.cli.explain.causes.wording import counted, exception, kept, listed, number, seconds, sessions, share
from service.cli.explain.evidence import Evidence

_WAIT = "stream_content_wait_seconds"
_SLOW_WAIT_SECONDS = 0.5
_HEAVY_WORK_SECONDS = 0.1
_CPU = "stream_content_cpu_seconds_total"
_BUSY_SHARE = 0.1
"""Of a core: less is not much work, whatever time it takes."""
_MIN_REQUESTS = 20
_ONE_SESSION = 0.8
_FEW = 3
_RARE = 0.05
_KILO = 1000
_FAULT_CODES = ("PROCESSING_ERROR", "CHUNKING_ERROR", "INTERNAL_ERROR")
_EXCLUDED = ("rejected", "cancelled", "disconnected", "shutdown", "taken_over", "slow_client")
"""Outcomes that do not count towards availability, as in the recording rules."""


def content_killed(evidence: Evidence) -> Iterator[Finding]:
    """The process for large content was killed during requests."""
    metrics = evidence.metrics
    killed = metrics.increases("stream_content_killed_total", "reason")
    lines = evidence.recent("content_work_killed")
    reasons = killed or Counter(line.text("reason") for line in lines)
    if not reasons:
        return
    failed = sessions(evidence.recent("content_too_costly", "processing_failed"))
    [(session, count)] = failed.most_common(1) or [("", 0)]
    facts = kept(
        f"metrics: stream_content_killed_total: {listed(killed)}" if killed else "",
        f"log: {counted(len(lines), 'content_work_killed line')}" if lines else "",
        f"log: {counted(count, 'PROCESSING_ERROR')} of {failed.total()} to session {session}" if session else "",
    )
    yield Finding(
        what=f"Content exceeds the limits of its preparation and is killed: {listed(reasons)}.",
        since=lines[0].at if lines else metrics.began("stream_content_killed_total"),
        touches=f"the senders of these documents: {counted(len(failed), 'session')}" if failed else "their senders",
        facts=facts,
        remedy="Look at the documents first; CONTENT_CPU_LIMIT and CONTENT_MEMORY_LIMIT protect the others.",
    )


def content_queue(evidence: Evidence) -> Iterator[Finding]:
    """Requests wait for a content worker."""
    metrics = evidence.metrics
    wait = metrics.quantile(0.95, _WAIT)
    refused = metrics.increase("stream_content_refused_total")
    busy = evidence.recent("error_sent", code="SERVER_BUSY")
    slow = wait is not None and wait.seconds > _SLOW_WAIT_SECONDS and wait.count >= _FEW
    if not slow and not refused and len(busy) < _FEW:
        return
    length = sum(one.value for one in metrics.present("stream_content_queue_length"))
    yield Finding(
        what="Requests wait for the content worker"
        + (f", and {counted(refused, 'request is', 'requests are')} refused." if refused else "."),
        since=busy[0].at if busy and not wait else metrics.began_above(_WAIT, _SLOW_WAIT_SECONDS),
        touches="new requests; streams that run are not affected",
        facts=kept(
            f"metrics: wait p95 {seconds(wait.seconds)} of {counted(wait.count, 'request')}, {number(length)} wait now"
            if wait
            else "",
            f"log: {counted(len(busy), 'SERVER_BUSY', 'SERVER_BUSY')}" if busy else "",
            _largest_sender(evidence),
        ),
    )


def heavy_documents(evidence: Evidence) -> Iterator[Finding]:
    """Preparation takes long, and much processor time: on a busy host it takes long for any document."""
    metrics = evidence.metrics
    analysed = evidence.recent("content_analysed")
    times = sorted((line.number("processing_ms") or 0) / _KILO for line in analysed)
    work = metrics.quantile(0.95, "stream_request_phase_seconds", phase="work")
    heavy, count = (work.seconds, work.count) if work else (times[int(len(times) * 0.95)] if times else 0.0, len(times))
    if heavy <= _HEAVY_WORK_SECONDS or count < _MIN_REQUESTS:
        return
    cpu, worked = metrics.increase(_CPU), metrics.increase("stream_request_phase_seconds_sum", phase="work")
    if metrics.series(_CPU) and cpu < min(worked / 2, _BUSY_SHARE * evidence.recent_seconds):
        return
    stages = metrics.increases("stream_stage_duration_seconds_sum", "stage")
    stage = next(iter(stages), "")
    since = metrics.began_above("stream_request_phase_seconds", _HEAVY_WORK_SECONDS, phase="work")
    yield Finding(
        what=f"Documents take long to prepare: p95 {seconds(heavy)}.",
        since=since if work else analysed[0].at,
        touches="these requests, and those that wait behind them for the content thread",
        facts=kept(
            f"metrics: work p95 {seconds(heavy)} of {counted(count, 'request')}" if work else "",
            f"metrics: {share(stages[stage], sum(stages.values()))} of the time in {stage}" if stage else "",
            f"log: the longest preparation took {seconds(times[-1])}" if times else "",
            _largest_sender(evidence),
        ),
    )


def service_errors(evidence: Evidence) -> Iterator[Finding]:
    """Requests end with an error of the service."""
    metrics = evidence.metrics
    start = evidence.period.start
    failed = metrics.increase("stream_requests_total", after=start, outcome="error")
    recent = metrics.increase("stream_requests_total", outcome="error")
    faults = evidence.logged("fault_raised")
    ended = evidence.logged("stream_ended", outcome="error")
    count = max(failed, len(faults), len(ended))
    if not count:
        return
    of = _eligible(evidence, start)
    kinds = Counter(f"{line.text('source')}: {exception(line)}" for line in faults)
    named = sessions([*faults, *ended])
    [(kind, most)] = kinds.most_common(1) or [("", 0)]
    codes = metrics.increases("stream_errors_total", "code", after=start, code=_FAULT_CODES)
    first = min((line.at for line in (*faults, *ended)), default=None)
    yield Finding(
        what=f"{counted(count, 'request')} failed by a fault of the service{f': {kind}' if kind else ''}.",
        severity=Severity.NOTE if of > 0 and count / of < _RARE else Severity.CRITICAL,
        since=first or metrics.began("stream_requests_total", outcome="error"),
        touches=", ".join(
            kept(counted(len(named), "session") if named else "", f"{share(count, of)} of the requests" if of else "")
        ),
        facts=kept(
            f"metrics: {number(failed)} of {counted(of, 'request')} failed" if failed and of else "",
            f"metrics: {listed(codes)}" if codes else "",
            f"log: {counted(len(faults), 'fault')}, {number(most)} of them {kind}" if kind else "",
            f"log: the last error id is {faults[-1].text('error_id')}" if faults else "",
            _one_session(named, "the faults"),
        ),
        over=not recent
        and not evidence.recent("fault_raised")
        and not evidence.recent("stream_ended", outcome="error"),
    )


def _eligible(evidence: Evidence, after: float) -> float:
    """The requests that count towards availability."""
    outcomes = evidence.metrics.increases("stream_requests_total", "outcome", after=after)
    if outcomes:
        return sum(count for outcome, count in outcomes.items() if outcome not in _EXCLUDED)
    ended = evidence.logged("stream_completed", "stream_ended", after=after)
    return sum(line.text("outcome") not in _EXCLUDED for line in ended)


def _largest_sender(evidence: Evidence) -> str:
    """The session that sent most of the content, if one did."""
    sizes = Counter[str]()
    for line in evidence.recent("stream_requested"):
        sizes[line.text("session_id")] += round(line.number("bytes") or 0)
    return _one_session(sizes, "the content")


def _one_session(counts: Counter[str], what: str) -> str:
    [(session, most)] = counts.most_common(1) or [("", 0)]
    if len(counts) < _FEW or most < _ONE_SESSION * counts.total():
        return ""
    return f"log: session {session} has {share(most, counts.total())} of {what}"

"""Whether the service runs at all, and all of it: targets, workers, restarts, deploys."""

from collections.abc import Iterator
from itertools import pairwise

from service.cli.explain.causes.finding import Finding, Severity
from service.cli.explain.causes.wording import counted, kept, listed, places
from service.cli.explain.evidence import Evidence, LogLine

JOB = "streaming-content-api"
"""The job that the alerts expect, unless alerts.yml was changed."""

_BUILD = "stream_build_info"
_START = "process_start_time_seconds"
_DEATHS = "stream_worker_deaths_total"
_RESTARTS = 3
_RESTART_WINDOWS = 3
"""More restarts of one process within three times the recent part are too many, as for the alert of that name."""
_NEAR_SECONDS = 30.0
"""Between a start and the scrape that shows it, at most."""
_DRAIN_SECONDS = 300.0
_START_SECONDS = 5.0
"""The workers of one start write their lines within this time."""


def service_down(evidence: Evidence) -> Iterator[Finding]:
    """No target answers scrapes, or no target of the service exists."""
    metrics = evidence.metrics
    targets = metrics.present("up", job=_jobs(evidence))
    if targets and len(metrics.failing("up", job=_jobs(evidence))) == len(targets):
        names = ", ".join(sorted(sample.labels.get("instance", "") for sample in targets))
        yield Finding(
            what=f"No instance of the service answers: {names}.",
            severity=Severity.CRITICAL,
            since=metrics.held_since(lambda value: value == 0, "up", job=_jobs(evidence)),
            touches="all clients: none can connect",
            facts=(f"metrics: up is 0 for {counted(len(targets), 'target')}", *_last_words(evidence)),
            remedy="Start the service, or correct its address in Prometheus.",
        )
    elif not targets and metrics.present("up") and not metrics.present(_BUILD):
        expected = ", ".join(evidence.jobs) or JOB
        jobs = ", ".join(sorted({sample.labels.get("job", "") for sample in metrics.present("up")}))
        yield Finding(
            what=f"Prometheus has no target of the job {expected}, and no series of the service.",
            severity=Severity.CRITICAL,
            touches="no alert can fire; whether clients are affected is unknown",
            facts=(f"metrics: up exists for the jobs {jobs}",),
            remedy=f"Add a scrape job named {expected} to prometheus.yml.",
        )


def wrong_job(evidence: Evidence) -> Iterator[Finding]:
    """The service is scraped under a job that the alerts do not select."""
    metrics = evidence.metrics
    if not metrics.series("up"):
        return
    jobs = {sample.labels.get("job", "") for sample in metrics.present(_BUILD)}
    expected = set(evidence.jobs)
    if jobs and expected and not jobs & expected and not metrics.present("up", job=tuple(expected)):
        yield Finding(
            what=f"Prometheus scrapes the service as job {_quoted(jobs)}; the alerts select {_quoted(expected)}.",
            touches="no client: the service runs, but ServiceDown fires and TargetDown and Restarting cannot",
            facts=(f"metrics: {_BUILD} has the job {_quoted(jobs)}; up has no job {_quoted(expected)}",),
            remedy=f"Set job_name: {min(expected)} in prometheus.yml.",
        )


def target_down(evidence: Evidence) -> Iterator[Finding]:
    """Some targets answer scrapes and others do not."""
    metrics = evidence.metrics
    targets = metrics.present("up", job=_jobs(evidence))
    down = metrics.failing("up", job=_jobs(evidence))
    if down and len(down) < len(targets):
        names = ", ".join(sorted(sample.labels.get("instance", "") for sample in down))
        yield Finding(
            what=f"{counted(len(down), 'instance')} of {len(targets)} cannot be scraped: {names}.",
            since=metrics.held_since(lambda value: value == 0, "up", job=_jobs(evidence)),
            touches="the clients of that instance; the others carry its load",
            facts=(f"metrics: up is 0 for {names}",),
        )


def worker_hung(evidence: Evidence) -> Iterator[Finding]:
    """A worker does not answer, or the supervisor has replaced it for that reason."""
    metrics = evidence.metrics
    workers = metrics.present("stream_worker_up")
    hung = metrics.failing("stream_worker_up")
    replaced = evidence.logged("worker_replaced", reason="hung")
    killed = metrics.increase(_DEATHS, after=evidence.period.start, reason="hung")
    if not hung and not replaced and not killed:
        return
    count = len(hung) or max(len(replaced), round(killed))
    where = places((sample.labels for sample in hung), (sample.labels for sample in workers)) if hung else ""
    stack = replaced[-1].text("stack").splitlines()[0] if replaced and replaced[-1].text("stack") else ""
    state = ("does not answer", "do not answer") if hung else ("hung and was replaced", "hung and were replaced")
    yield Finding(
        what=f"{counted(count, f'worker {state[0]}', f'workers {state[1]}')}{where}.",
        severity=Severity.CRITICAL,
        since=metrics.held_since(lambda value: value == 0, "stream_worker_up")
        if hung
        else replaced[0].at
        if replaced
        else metrics.began(_DEATHS, reason="hung"),
        touches=_lost(evidence, "all connections of that worker stood still, and new ones that reached it"),
        facts=kept(
            "metrics: stream_worker_up is 0" if hung else "",
            f"metrics: {_DEATHS} hung +{killed:.0f}" if killed else "",
            f"log: {counted(len(replaced), 'worker_replaced line')} with the reason hung" if replaced else "",
            f"log: it hung in {stack}" if stack else "",
        ),
        remedy="The supervisor replaces it after WORKER_HUNG_SECONDS." if hung else "",
        over=not hung
        and not evidence.recent("worker_replaced", reason="hung")
        and not metrics.increase(_DEATHS, reason="hung"),
    )


def worker_deaths(evidence: Evidence) -> Iterator[Finding]:
    """Workers died and were replaced."""
    metrics = evidence.metrics
    lines = [line for line in evidence.logged("worker_replaced") if line.text("reason") != "hung"]
    reasons = metrics.increases(_DEATHS, "reason", after=evidence.period.start)
    reasons.pop("hung", None)
    deaths = max(sum(reasons.values()), len(lines))
    if not deaths:
        return
    recent = [line for line in lines if line.at >= evidence.period.recent]
    exits = sorted({line.text("exit_code") for line in lines})
    yield Finding(
        what=f"{counted(deaths, 'worker')} died and {'was' if deaths == 1 else 'were'} replaced"
        + (f": {listed(reasons)}." if reasons else "."),
        since=lines[0].at if lines else metrics.began(_DEATHS, reason=tuple(reasons)),
        touches=_lost(evidence, "the connections of these workers: their clients reconnect"),
        facts=kept(
            f"metrics: {_DEATHS} +{sum(reasons.values()):.0f}" if reasons else "",
            f"log: {counted(len(lines), 'worker_replaced line')}, exit code {', '.join(exits)}" if lines else "",
        ),
        remedy="Exit code -9 is a kill, often for memory; another negative code is a crash of a library.",
        over=not recent and not metrics.increase(_DEATHS, reason=tuple(reasons)),
    )


def restarting(evidence: Evidence) -> Iterator[Finding]:
    """Processes start again and again, or without a shutdown before it."""
    metrics = evidence.metrics
    after = evidence.period.end - _RESTART_WINDOWS * evidence.period.quiet_seconds
    starts = [
        [at for (_, before), (at, value) in pairwise(one.points) if at > after and value != before]
        for one in metrics.series(_START, job=_jobs(evidence))
    ]
    most = max(map(len, starts), default=0)
    crashes = _crashes(evidence) if not starts else []
    times = sorted(at for found in starts for at in found) or [line.at for line in crashes]
    killed = sum(_without_drain(at, evidence) for at in times) if starts else len(crashes)
    if most <= _RESTARTS and len(crashes) <= _RESTARTS and not (starts and killed):
        return
    yield Finding(
        what=f"A process of the service restarts: {counted(len(times), 'time')}"
        + (f", {'all' if killed == len(times) else killed} without a shutdown." if killed else "."),
        since=times[0],
        touches="all connections of the process at each start",
        facts=kept(
            f"metrics: {_START} changed {counted(len(times), 'time')}" if starts else "",
            f"log: {counted(killed, 'start')} without a drain before it" if killed else "",
        ),
        remedy="Without a drain the process was killed, often for memory, or it crashed." if killed else "",
        over=times[-1] < evidence.period.recent,
    )


def deploy(evidence: Evidence) -> Iterator[Finding]:
    """A process shuts down, as for a deploy."""
    metrics = evidence.metrics
    drains = evidence.recent("drain_started")
    refused = metrics.increase("stream_connection_attempts_total", outcome="refused_draining")
    closed = metrics.increase("stream_connection_closes_total", reason="shutdown")
    versions = sorted({one.labels.get("version", "") for one in metrics.series(_BUILD)})
    if not (drains or refused or closed or len(versions) > 1):
        return
    ended = evidence.recent("drain_ended")
    facts = kept(
        f"log: drain_started, {drains[-1].text('connections')} connections open" if drains else "",
        f"log: drain_ended after {ended[-1].text('seconds')} s, {ended[-1].text('interrupted')} interrupted"
        if ended
        else "",
        f"metrics: {closed:.0f} connections closed, {refused:.0f} handshakes refused" if closed or refused else "",
        f"metrics: versions {', '.join(versions)}" if len(versions) > 1 else "",
    )
    yield Finding(
        what="A process shut down: a deploy or a restart."
        if len(ended) >= len(drains)
        else "A shutdown is in progress.",
        severity=Severity.NOTE,
        since=drains[0].at if drains else None,
        touches="its clients reconnect to another process",
        facts=facts,
    )


def _without_drain(at: float, evidence: Evidence) -> bool:
    """Whether the log has a start at that time, lines before it, and among these no drain."""
    near = [line for line in evidence.logged("service_started") if abs(line.at - at) < _NEAR_SECONDS]
    drains = [line for line in evidence.logged("drain_started") if 0 < at - line.at < _DRAIN_SECONDS]
    return bool(near) and evidence.lines[0].at < at - _NEAR_SECONDS and not drains


def _crashes(evidence: Evidence) -> list[LogLine]:
    """The starts that no drain precedes. The lines of the workers of one start are counted once."""
    replaced = [line.at for line in evidence.logged("worker_replaced")]
    crashes: list[LogLine] = []
    running: LogLine | None = None
    for line in evidence.logged("service_started", "drain_started"):
        if any(abs(line.at - at) < _START_SECONDS for at in replaced):
            continue
        if line.event == "service_started" and running is not None and line.at - running.at > _START_SECONDS:
            crashes.append(line)
        running = None if line.event == "drain_started" else line
    return crashes


def _jobs(evidence: Evidence) -> tuple[str, ...]:
    """The jobs under which the service is, or was, scraped."""
    metrics = evidence.metrics
    found = {one.labels.get("job", "") for one in metrics.series(_BUILD)}
    return tuple({*found, *evidence.jobs, JOB})


def _lost(evidence: Evidence, otherwise: str) -> str:
    """What was lost with workers, if it is counted."""
    lost = evidence.metrics.increases("stream_lost_total", "what", after=evidence.period.start)
    for line in evidence.logged("worker_replaced") if not lost else ():
        for what in ("connections", "requests"):
            lost[what] = lost.get(what, 0) + (line.number(what) or 0)
    counts = {what: count for what, count in lost.items() if count}
    return f"{listed(counts)} lost; their clients reconnect" if counts else otherwise


def _last_words(evidence: Evidence) -> Iterator[str]:
    """How the log ends."""
    last = evidence.logged("service_started", "drain_started", "drain_ended")[-1:]
    yield from (f"log: the last event of the process is {line.event}" for line in last)


def _quoted(names: set[str]) -> str:
    return ", ".join(sorted(names))

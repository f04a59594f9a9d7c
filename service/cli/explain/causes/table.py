"""The table of causes, from root to symptom, and the diagnosis of a period by it."""

from collections.abc import Iterable, Iterator
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from service.cli.explain.causes import (
    client_causes,
    content_causes,
    live_causes,
    process_causes,
    reach_causes,
    store_causes,
    symptoms,
    telemetry_causes,
)
from service.cli.explain.causes.finding import Cause, Finding, Severity
from service.cli.explain.evidence import Alert, Evidence
from service.events import Dependency

_SLOW_SYMPTOMS = ("slow_responses", "content_queue", "late_chunks")
_BURNS = ("AvailabilityBurnFast", "AvailabilityBurnSlow")
_LATE_BURNS = ("FirstChunkBurnFast", "FirstChunkBurnSlow")
_STORE = (Dependency.STREAM_WRITES, Dependency.STREAM_READS)
_CALLED = (Dependency.ACCESS_STORE, Dependency.LIVE_STORE, Dependency.PLAN_CACHE, Dependency.DATABASE)
"""Beside the session store, those whose calls are measured."""
_OF_REDIS = (Dependency.ACCESS_STORE, Dependency.LIVE_STORE, Dependency.PLAN_CACHE)
"""Those in the same server as the session store, if there is one."""
_SEVERITIES = list(Severity)

CAUSES = (
    Cause("service_down", reach_causes.service_down, ("ServiceDown",), ("target_down", "restarting")),
    Cause("wrong_job", reach_causes.wrong_job, ("NoTarget", "ServiceDown")),
    Cause("target_down", reach_causes.target_down, ("TargetDown",)),
    Cause(
        "worker_hung",
        reach_causes.worker_hung,
        ("WorkerHung",),
        (*_SLOW_SYMPTOMS, "loop_stalls", "failed_handshakes", "session_store_slow"),
    ),
    Cause("worker_deaths", reach_causes.worker_deaths, ("WorkerDeaths",), ("restarting", "failing_recoveries")),
    Cause("restarting", reach_causes.restarting, ("Restarting",), ("failing_recoveries",)),
    Cause("in_memory", store_causes.in_memory, ("SessionStoreDown",), ("failing_recoveries", "session_store_down")),
    Cause(
        "session_store_down",
        partial(store_causes.down, Dependency.SESSION_STORE),
        ("SessionStoreDown",),
        (
            *(f"{dependency}_down" for dependency in (*_STORE, *_OF_REDIS)),
            "failing_calls",
            "session_store_slow",
            *(f"{dependency}_slow" for dependency in _OF_REDIS),
            *_SLOW_SYMPTOMS,
            "failing_recoveries",
        ),
    ),
    Cause(
        "session_store_slow",
        partial(store_causes.slow, Dependency.SESSION_STORE),
        ("SlowDependency", "SlowResponse", *_LATE_BURNS),
        (
            "access_store_slow",
            "live_store_slow",
            "plan_cache_down",
            "plan_cache_slow",
            "failing_calls",
            "slow_responses",
        ),
    ),
    *(
        Cause(
            f"{dependency}_down",
            partial(store_causes.down, dependency),
            ("DependencyDown",),
            (
                f"{dependency}_slow",
                "failing_calls",
                *(("live_store_lag", "producers_silent") if dependency is Dependency.LIVE_STORE else ()),
            )
            if dependency in _CALLED
            else ("failing_calls", "failing_recoveries"),
        )
        for dependency in (*_STORE, *_CALLED, Dependency.USAGE_STORE)
    ),
    Cause(
        "token_keys_down",
        partial(store_causes.down, Dependency.TOKEN_KEYS),
        ("TokenKeysStale",),
        ("failing_calls", "failed_handshakes", "refused_tokens"),
    ),
    Cause("failing_calls", store_causes.failing_calls, ("DependencyErrors",)),
    Cause("store_full", store_causes.store_full, ("StoreFull",), ("failing_recoveries",)),
    Cause("usage_dropped", store_causes.usage_dropped, ("UsageDropping",)),
    *(
        Cause(
            f"{dependency}_slow",
            partial(store_causes.slow, dependency),
            ("SlowDependency", "SlowResponse"),
            ("slow_responses",),
        )
        for dependency in (Dependency.ACCESS_STORE, Dependency.PLAN_CACHE)
    ),
    Cause(
        "live_store_slow",
        partial(store_causes.slow, Dependency.LIVE_STORE),
        ("SlowDependency", "LiveStoreLag"),
        ("live_store_lag",),
    ),
    Cause("database_slow", partial(store_causes.slow, Dependency.DATABASE), ("SlowDependency",)),
    Cause(
        "loop_stalls",
        process_causes.loop_stalls,
        ("EventLoopLag", "LateChunks", "SlowResponse", *_LATE_BURNS),
        (*_SLOW_SYMPTOMS, "processor_busy", "live_store_lag", "live_hold_back"),
    ),
    Cause("memory_high", process_causes.memory_high, ("HighMemory",), ("worker_deaths", "restarting")),
    Cause("content_killed", content_causes.content_killed, ("ContentWorkKilled",), ("content_queue",)),
    Cause(
        "heavy_documents",
        content_causes.heavy_documents,
        ("SlowProcessing", "LongContentQueue", "SlowResponse", *_LATE_BURNS),
        ("content_queue", "slow_responses", "traffic"),
    ),
    Cause(
        "content_queue",
        content_causes.content_queue,
        ("LongContentQueue", "ContentRefused", "SlowProcessing", "SlowResponse"),
        ("slow_responses",),
    ),
    Cause(
        "processor_busy",
        process_causes.processor_busy,
        ("LateChunks", "EventLoopLag"),
        (*_SLOW_SYMPTOMS, "live_hold_back"),
    ),
    Cause(
        "service_errors",
        content_causes.service_errors,
        ("HighErrorRate", "RequestsFailing", *_BURNS),
        ("failed_handshakes",),
    ),
    Cause("seats_full", process_causes.seats_full, ("ConnectionFailures",)),
    Cause("accept_paused", process_causes.accept_paused, ("AcceptPaused",)),
    Cause("failed_handshakes", client_causes.failed_handshakes, ("ConnectionFailures",)),
    Cause("content_limit", client_causes.content_limit, (), ("one_client", "mistakes")),
    Cause("connections_cut", client_causes.connections_cut, (), ("failing_recoveries",)),
    Cause("one_client", client_causes.one_client, (), ("mistakes", "input_limits", "rate_limits")),
    Cause("input_limits", client_causes.input_limits, ("InputLimitSurge",)),
    Cause("rate_limits", client_causes.rate_limits, ("RateLimitSurge",), ("mistakes",)),
    Cause("refused_handshakes", client_causes.refused_handshakes, ("HandshakeRefusalSurge",)),
    Cause("refused_tokens", client_causes.refused_tokens, ("TokenRefusalSurge",), ("refused_handshakes",)),
    Cause("slow_readers", client_causes.slow_readers, ("SlowClientSurge",)),
    Cause("sockets_dropped", client_causes.sockets_dropped, ("SocketsEvicted",)),
    Cause("session_timeouts", client_causes.session_timeouts, ("SessionTimeoutSurge",)),
    Cause("telemetry_dropped", telemetry_causes.telemetry_dropped, ("TelemetryDropping",)),
    Cause("telemetry_failing", telemetry_causes.telemetry_failing, ("TelemetryFailing",)),
    Cause("failing_recoveries", client_causes.failing_recoveries, ("RecoveriesFailing",)),
    Cause("slow_responses", symptoms.slow_responses, ("SlowResponse", *_LATE_BURNS)),
    Cause("late_chunks", symptoms.late_chunks, ("LateChunks",)),
    Cause("live_store_lag", live_causes.live_store_lag, ("LiveStoreLag",), ("producers_silent",)),
    Cause("producers_lost", live_causes.producers_lost, ("LiveProducersLost",), ("producers_silent",)),
    Cause("producers_silent", live_causes.producers_silent, ("LiveStreamsStalled",)),
    Cause("live_hold_back", live_causes.live_hold_back, ("LiveHoldBackHigh",)),
    Cause("mistakes", client_causes.mistakes),
    Cause("deploy", reach_causes.deploy, (), ("failing_recoveries",)),
    Cause("traffic", symptoms.traffic, ("HighTraffic", "LargeContent")),
)
"""In the order in which findings of one severity are listed: a root cause before what follows from it."""


class Diagnosis(Struct, frozen=True):
    """All findings, in the order in which they are to be read."""

    causes: tuple[Finding, ...] = ()
    """What is wrong now and has no other cause among the findings."""
    consequences: tuple[Finding, ...] = ()
    notes: tuple[Finding, ...] = ()
    """What needs no action."""
    earlier: tuple[Finding, ...] = ()
    """What was wrong in the period and is over."""


def diagnose(evidence: Evidence, *, alertmanager: bool = False) -> Diagnosis:
    """Evaluate the whole table. ``alertmanager``: whether the alerts are those of an Alertmanager."""
    found = [finding for cause in CAUSES for finding in _found(cause, evidence)]
    if alertmanager:
        found += [
            replace(finding, cause="no_watchdog", runbook=runbook_of("Watchdog"))
            for finding in symptoms.no_watchdog(evidence.alerts)
        ]
    found += _unexplained(evidence.alerts, found)
    present = [finding for finding in found if not finding.over]
    followed = [replace(finding, follows=_root(finding, present)) for finding in present]
    roots = [finding for finding in followed if not finding.follows]
    return Diagnosis(
        causes=_by_severity(finding for finding in roots if finding.severity is not Severity.NOTE),
        consequences=_by_severity(finding for finding in followed if finding.follows),
        notes=tuple(finding for finding in roots if finding.severity is Severity.NOTE),
        earlier=tuple(finding for finding in found if finding.over),
    )


def causes_of(alert: str) -> tuple[str, ...]:
    """The keys of the causes that may make an alert fire."""
    return tuple(cause.key for cause in CAUSES if alert in cause.alerts)


def _found(cause: Cause, evidence: Evidence) -> Iterator[Finding]:
    runbook = runbook_of(cause.alerts[0]) if cause.alerts else ""
    for finding in cause.find(evidence):
        yield replace(finding, cause=cause.key, alerts=cause.alerts, runbook=runbook)


def _unexplained(alerts: Iterable[Alert], found: list[Finding]) -> list[Finding]:
    explained = {name for finding in found for name in finding.alerts}
    names = {alert.name: alert for alert in alerts if alert.firing and alert.labels.get("severity") != "none"}
    return [symptoms.alert_firing(alert) for name, alert in names.items() if name not in explained]


def _root(finding: Finding, present: list[Finding]) -> str:
    """The first cause among the findings that explains this one."""
    keys = {other.cause for other in present}
    return next((cause.key for cause in CAUSES if cause.key in keys and finding.cause in cause.explains), "")


def _by_severity(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda finding: _SEVERITIES.index(finding.severity)))


def runbook_of(alert: str) -> str:
    """The file of the runbook of an alert: session-store-down.md for SessionStoreDown."""
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in alert).lstrip("-") + ".md"

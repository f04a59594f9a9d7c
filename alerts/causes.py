"""Why clients suffer, or why nobody would know: what to look at once a symptom is there."""

from typing import Final

from alerts.alert import Alert, Concern, Dashboard, Severity
from alerts.links import JOB
from alerts.quantities import duration
from alerts.thresholds import (
    LOOP_LAG_P99_SECONDS,
    LOW_TRAFFIC_SWEEPS_PER_5_MINUTES,
    PACING_LAG_P99_SECONDS,
    RATE_LIMIT_HITS_PER_5_MINUTES,
    RESTARTS_PER_15_MINUTES,
    SESSION_TIMEOUTS_PER_5_MINUTES,
)

CAUSES: Final = (
    Alert(
        name="ServiceDown",
        expr=f'sum by (job) (up{{job="{JOB}"}}) == 0\nor\nabsent(up{{job="{JOB}"}})',
        hold="2m",
        severity=Severity.CRITICAL,
        concern=Concern.REACHABILITY,
        when="no instance answers Prometheus, or Prometheus knows of none",
        floor="none: a service is down with traffic or without",
        summary="No instance of {{ $labels.job }} can be reached",
        description="Prometheus reaches no instance of {{ $labels.job }}: clients most likely cannot either.",
        dashboard=Dashboard.OVERVIEW,
    ),
    Alert(
        name="TargetDown",
        expr=f'up{{job="{JOB}"}} == 0',
        hold="5m",
        severity=Severity.WARNING,
        concern=Concern.REACHABILITY,
        when="an instance does not answer Prometheus",
        floor="none: an instance is down with traffic or without",
        summary="{{ $labels.instance }} cannot be reached",
        description="Prometheus cannot scrape {{ $labels.instance }} of {{ $labels.job }}. If other instances answer, "
        "they carry its load.",
        dashboard=Dashboard.OVERVIEW,
    ),
    Alert(
        name="Restarting",
        expr=f'changes(process_start_time_seconds{{job="{JOB}"}}[15m]) > {RESTARTS_PER_15_MINUTES}',
        hold="0s",
        severity=Severity.WARNING,
        concern=Concern.RESTARTS,
        when=f"an instance started over {RESTARTS_PER_15_MINUTES} times in 15 min",
        floor="none: a process restarts with traffic or without",
        summary="{{ $labels.instance }} restarts again and again",
        description="{{ $labels.instance }} started {{ $value }} times in 15 minutes; "
        f"the threshold is {RESTARTS_PER_15_MINUTES}. Each start cuts its connections, and all come back at once.",
        dashboard=Dashboard.RUNTIME,
    ),
    Alert(
        name="EventLoopLag",
        expr=f"instance:stream_event_loop_lag_seconds:p99_rate5m > {LOOP_LAG_P99_SECONDS}",
        hold="5m",
        severity=Severity.WARNING,
        concern=Concern.PACE,
        when=f"p99 of an instance's event-loop lag over {duration(LOOP_LAG_P99_SECONDS)}",
        floor="none: the loop is probed at a steady pace, with traffic or without",
        summary="The event loop of {{ $labels.instance }} is held up",
        description="One pass in a hundred of {{ $labels.instance }} comes at least "
        "{{ $value | humanizeDuration }} late; "
        f"the threshold is {duration(LOOP_LAG_P99_SECONDS)}. Every connection of that process waits as long.",
        dashboard=Dashboard.RUNTIME,
    ),
    Alert(
        name="PacingLag",
        expr=f"instance:stream_pacing_lag_seconds:p99_rate5m > {PACING_LAG_P99_SECONDS}\n"
        "and on (job, instance)\n"
        "sum by (job, instance) (increase(stream_pacing_lag_seconds_count[5m]))"
        f" > {LOW_TRAFFIC_SWEEPS_PER_5_MINUTES}",
        hold="5m",
        severity=Severity.WARNING,
        concern=Concern.PACE,
        when=f"p99 of an instance's pacing lag over {duration(PACING_LAG_P99_SECONDS)}",
        floor=f"{LOW_TRAFFIC_SWEEPS_PER_5_MINUTES} sweeps of the ticker in 5 min",
        summary="Chunks of {{ $labels.instance }} come late",
        description="One sweep in a hundred of {{ $labels.instance }} serves a stream at least "
        "{{ $value | humanizeDuration }} after its chunk was due; "
        f"the threshold is {duration(PACING_LAG_P99_SECONDS)}. Readers see the text come in lumps.",
        dashboard=Dashboard.STREAMS,
    ),
    Alert(
        name="RateLimitSurge",
        expr=f"sum by (job) (increase(stream_rate_limit_hits_total[5m])) > {RATE_LIMIT_HITS_PER_5_MINUTES}",
        hold="5m",
        severity=Severity.WARNING,
        concern=Concern.LIMITS,
        when=f"over {RATE_LIMIT_HITS_PER_5_MINUTES} requests in 5 min over a limit",
        floor=f"{RATE_LIMIT_HITS_PER_5_MINUTES} refused requests in 5 min",
        summary="{{ $labels.job }} turns many requests away",
        description='{{ $value | printf "%.0f" }} requests were over a limit in the last 5 minutes; '
        f"the threshold is {RATE_LIMIT_HITS_PER_5_MINUTES}. A client runs wild, or the limit is too low.",
        dashboard=Dashboard.CONNECTIONS,
    ),
    Alert(
        name="SessionTimeoutSurge",
        expr='sum by (job) (increase(stream_connection_closes_total{reason="session_timeout"}[5m]))'
        f" > {SESSION_TIMEOUTS_PER_5_MINUTES}",
        hold="15m",  # those who came together after a deploy go together, one session later: that passes
        severity=Severity.WARNING,
        concern=Concern.LIMITS,
        when=f"over {SESSION_TIMEOUTS_PER_5_MINUTES} connections in 5 min closed as their session was over",
        floor=f"{SESSION_TIMEOUTS_PER_5_MINUTES} such closes in 5 min",
        summary="Many sessions of {{ $labels.job }} reach their end",
        description='{{ $value | printf "%.0f" }} connections were closed in the last 5 minutes because their session '
        f"had lasted as long as it may; the threshold is {SESSION_TIMEOUTS_PER_5_MINUTES}.",
        dashboard=Dashboard.CONNECTIONS,
    ),
    Alert(
        name="SessionStoreDown",
        expr='stream_dependency_up{dependency="session_store"} == 0',
        hold="1m",
        severity=Severity.CRITICAL,
        concern=Concern.DEPENDENCIES,
        when="a worker of an instance cannot reach the session store",
        floor="none: three calls in a row that fail are enough to know",
        summary="{{ $labels.instance }} has no session store",
        description="{{ $labels.instance }} cannot reach the session store. Streams go on, but one whose connection "
        "breaks cannot be recovered, and each process counts the requests of a session by itself.",
        dashboard=Dashboard.RUNTIME,
    ),
    Alert(
        name="DependencyDown",
        expr='stream_dependency_up{dependency!="session_store"} == 0',
        hold="1m",
        severity=Severity.WARNING,
        concern=Concern.DEPENDENCIES,
        when="a worker of an instance cannot reach the shared plan cache, the usage file or the database",
        floor="none: three calls in a row that fail are enough to know",
        summary="{{ $labels.instance }} does without its {{ $labels.dependency }}",
        description="{{ $labels.instance }} cannot reach its {{ $labels.dependency }}. Streams do not notice; "
        "dependency_away in the log says what waits or is lost meanwhile.",
        dashboard=Dashboard.RUNTIME,
    ),
    Alert(
        name="UsageDropping",
        expr="sum by (job) (increase(stream_usage_dropped_total[5m])) > 0",
        hold="0s",  # one loss is in the window for less than 5 minutes
        severity=Severity.WARNING,
        concern=Concern.USAGE,
        when="rows of usage are lost",
        floor="none: what is lost is lost, with traffic or without",
        summary="{{ $labels.job }} loses usage",
        description='{{ $value | printf "%.0f" }} rows of usage were lost in the last 5 minutes: neither the queue nor '
        "the file could take them. Streams are not affected.",
        dashboard=Dashboard.RUNTIME,
    ),
    Alert(
        name="TelemetryDropping",
        expr="sum by (job, signal) (increase(stream_telemetry_dropped_total[5m])) > 0",
        hold="5m",
        severity=Severity.WARNING,
        concern=Concern.TELEMETRY,
        when="log lines, spans or error reports are lost on their way out",
        floor="none: what is lost is lost, with traffic or without",
        summary="{{ $labels.job }} loses {{ $labels.signal }}",
        description='{{ $value | printf "%.0f" }} items of {{ $labels.signal }} were lost in the last 5 minutes: '
        "whoever takes them is down or too slow. Streams are not affected.",
        dashboard=Dashboard.RUNTIME,
    ),
    Alert(
        name="TelemetryFailing",
        expr="sum by (job, sink) (increase(stream_telemetry_errors_total[5m])) > 0",
        hold="0s",  # one error is in the window for less than 5 minutes
        severity=Severity.WARNING,
        concern=Concern.TELEMETRY,
        when="a part of the telemetry raises errors",
        floor="none: one is too many, with traffic or without",
        summary="{{ $labels.sink }} of {{ $labels.job }} fails",
        description='Errors of {{ $labels.sink }} in the last 5 minutes: {{ $value | printf "%.0f" }}. '
        "Its numbers, lines or spans have gaps. Streams are not affected.",
        dashboard=Dashboard.RUNTIME,
    ),
    Alert(
        name="Watchdog",
        expr="vector(1)",
        hold="0s",
        severity=Severity.NONE,
        concern=Concern.WATCHDOG,
        when="always",
        floor="none: it always fires",
        summary="Alerts are delivered",
        description="This alert always fires. Whoever receives it must raise the alarm when it stops coming: then "
        "Prometheus, Alertmanager or the way between them is broken.",
        dashboard=Dashboard.OVERVIEW,
    ),
)

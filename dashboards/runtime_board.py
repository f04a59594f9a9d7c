"""Runtime, workers and telemetry health."""

from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.alerted import compared
from dashboards.board import Row, Uid, board
from dashboards.colours import BAD, GOOD
from dashboards.dependencies import dependencies, recovery, store_limits
from dashboards.foreign import (
    GC_COLLECTIONS,
    PROCESS_CPU,
    PROCESS_FDS,
    PROCESS_MAX_FDS,
    PROCESS_MEMORY,
    SCRAPE_DURATION,
    SCRAPE_SAMPLES,
)
from dashboards.panels import Column, Frame, alert_lines, heat, lines, rows, states
from dashboards.queries import (
    Query,
    buckets,
    observations,
    of_instances,
    per_5_minutes,
    per_minute,
    rate,
    ratio,
    select,
    within,
)
from dashboards.workers import workers
from observability.registry.metrics import (
    BUILD_INFO,
    CONFIG_LIMIT,
    EVENT_LOOP_LAG,
    EVENT_LOOP_STALL,
    HTTP_REQUEST_DURATION,
    HTTP_REQUESTS,
    MEMORY_LIMIT,
    MEMORY_USAGE,
    TELEMETRY_THROTTLED,
)


def runtime() -> Dashboard:
    return board(
        Uid.RUNTIME,
        "Runtime, workers and telemetry health",
        "The state of the processes and their dependencies, and whether telemetry is complete.",
        _instances(),
        workers(),
        dependencies(),
        recovery(),
        store_limits(),
        _memory(),
        _loop(),
        _http(),
        _telemetry(),
    )


def _instances() -> Row:
    return Row(
        "Instances and workers",
        (
            states(
                Frame("Instances over time", "Whether the last scrape of each target succeeded.", units.NoUnit, 9),
                Query(compared("TargetDown"), "{{instance}}"),
                (0, "down", BAD),
                (1, "up", GOOD),
                alerts=("TargetDown",),
            ),
            rows(
                Frame("Versions", "The version of each instance.", units.NoUnit, 5),
                Query(of_instances(BUILD_INFO, "version")),
                Column("instance", "Instance"),
                Column("version", "Version"),
            ),
            alert_lines(
                Frame(
                    "Starts",
                    "In the last 15 minutes, of all workers. Each start closes all connections of the instance, and "
                    "all clients reconnect at once.",
                    units.Short,
                    5,
                    logs=(
                        "service_started",
                        "drain_started",
                        "drain_ended",
                    ),
                ),
                "Restarting",
                "{{instance}}",
            ),
            rows(
                Frame("Workers by the settings", "Processes that serve.", units.Short, 5),
                Query(of_instances(CONFIG_LIMIT, limit="max_workers")),
                Column("instance", "Instance"),
                Column("Value", "Workers"),
            ),
        ),
    )


def _memory() -> Row:
    return Row(
        "Memory and processor",
        (
            alert_lines(
                Frame(
                    "Memory, share of the limit",
                    "Without the page cache. At 100 % the system kills the instance and closes all its "
                    "connections. Empty if no limit is known: set MEMORY_LIMIT.",
                    units.PercentUnit,
                    6,
                ),
                "HighMemory",
                "{{instance}}",
                most=1,
            ),
            lines(
                Frame(
                    "Memory",
                    "In use without the page cache, the resident memory of the processes, and the limit.",
                    units.BytesIEC,
                    6,
                ),
                Query(of_instances(MEMORY_USAGE), "{{instance}}"),
                Query(of_instances(PROCESS_MEMORY), "processes of {{instance}}"),
                Query(of_instances(MEMORY_LIMIT), "limit of {{instance}}"),
            ),
            lines(
                Frame(
                    "Processor",
                    "By worker, CPU seconds a second: 1 is one core, which is the maximum of an event loop.",
                    units.Short,
                    6,
                ),
                Query(rate(PROCESS_CPU, "instance", "worker"), "{{instance}} {{worker}}"),
            ),
            lines(
                Frame(
                    "File descriptors, share of the limit",
                    "By worker. A connection uses one.",
                    units.PercentUnit,
                    6,
                ),
                Query(f"{select(PROCESS_FDS)} / {select(PROCESS_MAX_FDS)}", "{{instance}} {{worker}}"),
                most=1,
            ),
        ),
    )


def _loop() -> Row:
    return Row(
        "Event loop",
        (
            alert_lines(
                Frame(
                    "Event-loop lag, p99 by instance",
                    "The delay with which the event loop ran a probe, over 15 minutes. Every connection of the process "
                    "has this delay.",
                    units.Seconds,
                    6,
                    logs=("event_loop_stalled",),
                ),
                "EventLoopLag",
                "{{instance}}",
            ),
            lines(
                Frame(
                    "Stalls of the event loop",
                    "Seconds a second in which the loop ran nothing for more than 100 ms, seen from outside of it.",
                    units.Short,
                    6,
                    logs=("event_loop_stalled",),
                ),
                Query(rate(EVENT_LOOP_STALL, "instance"), "{{instance}}"),
            ),
            heat(
                Frame("Event-loop lag, all probes", "Each probe in its bucket.", units.Seconds, 6),
                Query(buckets(EVENT_LOOP_LAG)),
            ),
            lines(
                Frame(
                    "Garbage collections",
                    "A minute, by generation. Collections of generation 2 block the event loop.",
                    units.CountsPerMinute,
                    6,
                ),
                Query(per_minute(GC_COLLECTIONS, "generation"), "generation {{generation}}"),
            ),
        ),
    )


def _http() -> Row:
    return Row(
        "HTTP routes",
        (
            lines(
                Frame(
                    "HTTP requests by route",
                    "Health checks, scrapes and requests for the documentation; other is a path that does not exist.",
                    units.RequestsPerSecond,
                ),
                Query(rate(HTTP_REQUESTS, "route", "method"), "{{method}} {{route}}"),
                stacked=True,
            ),
            lines(
                Frame(
                    "HTTP responses by status",
                    "5xx is an error of the service, except for 503 of /ready while an instance drains.",
                    units.RequestsPerSecond,
                ),
                Query(rate(HTTP_REQUESTS, "status_class"), "{{status_class}}"),
                stacked=True,
            ),
            lines(
                Frame("HTTP responses within 100 ms", "Share of the responses, by route.", units.PercentUnit),
                Query(
                    ratio(within(HTTP_REQUEST_DURATION, 0.1, "route"), observations(HTTP_REQUEST_DURATION, "route")),
                    "{{route}}",
                ),
                most=1,
            ),
        ),
    )


def _telemetry() -> Row:
    return Row(
        "Telemetry health",
        (
            alert_lines(
                Frame(
                    "Telemetry dropped",
                    "Log lines, spans and error reports in 5 minutes that were lost: the receiver is unavailable, "
                    "refuses them or does not keep up. Streams are not affected. Those over a limit are not lost: a "
                    "flood of equal error reports is thinned out on purpose.",
                    units.Short,
                    8,
                    logs=(
                        "lines_lost",
                        "library_message",
                    ),
                ),
                "TelemetryDropping",
                "{{signal}}",
                Query(per_5_minutes(TELEMETRY_THROTTLED, "signal"), "{{signal}} over a limit"),
            ),
            alert_lines(
                Frame(
                    "Sink errors",
                    "Events in 5 minutes for which a sink raised an exception: its signal has gaps.",
                    units.Short,
                    8,
                    logs=("sink_failed",),
                ),
                "TelemetryFailing",
                "{{sink}}",
            ),
            lines(
                Frame("Scrapes", "The duration of the scrapes of the metrics.", units.Seconds, 4),
                Query(select(SCRAPE_DURATION), "{{instance}}"),
            ),
            lines(
                Frame(
                    "Series",
                    "Samples in a scrape. The number is constant, because all label values are bounded.",
                    units.Short,
                    4,
                ),
                Query(select(SCRAPE_SAMPLES), "{{instance}}"),
            ),
        ),
    )

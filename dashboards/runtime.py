"""Runtime, workers and telemetry health: is the process well, and can its telemetry be believed?"""

from typing import Final

from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards import limits, measures
from dashboards.board import Row, Uid, board
from dashboards.dependencies import dependencies, recovery
from dashboards.foreign import (
    GC_COLLECTIONS,
    PROCESS_CPU,
    PROCESS_FDS,
    PROCESS_MAX_FDS,
    PROCESS_MEMORY,
    PROCESS_START,
    SCRAPE_DURATION,
    SCRAPE_SAMPLES,
    UP,
)
from dashboards.panels import BAD, GOOD, Column, Frame, heat, lines, rows, states
from dashboards.queries import Query, buckets, per_minute, quantile, rate, select
from observability.registry.metrics import (
    BUILD_INFO,
    CONFIG_LIMIT,
    EVENT_LOOP_LAG,
    HTTP_REQUEST_DURATION,
    HTTP_REQUESTS,
    LOG_RECORDS,
    MEMORY_LIMIT,
    MEMORY_USAGE,
    TELEMETRY_DROPPED,
    TELEMETRY_ERRORS,
)

_ONE_WORKER: Final = "Shown by a service with one worker; of several, no one could speak for all."


def runtime() -> Dashboard:
    return board(
        Uid.RUNTIME,
        "Runtime, workers and telemetry health",
        "Is the process well, and can its telemetry be believed?",
        _instances(),
        dependencies(),
        recovery(),
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
                Frame("Instances over time", "Whether each target answered its scrape.", units.NoUnit, 9, 5),
                Query(select(UP), "{{instance}}"),
                (0, "down", BAD),
                (1, "up", GOOD),
            ),
            rows(
                Frame("Versions", "What each instance runs.", units.NoUnit, 5, 5),
                Query(select(BUILD_INFO)),
                Column("instance", "Instance"),
                Column("version", "Version"),
            ),
            lines(
                Frame(
                    "Starts",
                    f"In the last 15 minutes. Each start cuts its connections: all come back at once. {_ONE_WORKER}",
                    units.Short,
                    5,
                    5,
                ),
                Query(f"changes({select(PROCESS_START)}[15m])", "{{instance}}"),
                limit=limits.RESTARTS,
            ),
            rows(
                Frame("Workers", "Processes that serve, as the settings say.", units.Short, 5, 5),
                Query(select(CONFIG_LIMIT, limit="max_workers")),
                Column("instance", "Instance"),
                Column("Value", "Workers"),
            ),
        ),
    )


def _memory() -> Row:
    return Row(
        "Memory and processor",
        (
            lines(
                Frame(
                    "Memory, share of the limit",
                    "Without the page cache. At 100 % the system kills the instance, with all its connections. Empty "
                    "where no limit is known: set MEMORY_LIMIT.",
                    units.PercentUnit,
                    6,
                ),
                Query(measures.MEMORY_SHARE, "{{instance}}"),
                limit=limits.MEMORY,
                most=1,
            ),
            lines(
                Frame(
                    "Memory",
                    "In use without the page cache, what the process itself has in RAM, and the limit.",
                    units.BytesIEC,
                    6,
                ),
                Query(select(MEMORY_USAGE), "{{instance}}"),
                Query(select(PROCESS_MEMORY), "{{instance}}, process"),
                Query(select(MEMORY_LIMIT), "{{instance}}, limit"),
            ),
            lines(
                Frame(
                    "Processor",
                    f"Seconds of work in a second: 1 is a whole core, and one worker's event loop has no more. "
                    f"{_ONE_WORKER}",
                    units.Short,
                    6,
                ),
                Query(rate(PROCESS_CPU, "instance"), "{{instance}}"),
            ),
            lines(
                Frame(
                    "File descriptors, share of those allowed",
                    f"A connection needs one. {_ONE_WORKER}",
                    units.PercentUnit,
                    6,
                ),
                Query(f"{select(PROCESS_FDS)} / {select(PROCESS_MAX_FDS)}", "{{instance}}"),
                most=1,
            ),
        ),
    )


def _loop() -> Row:
    return Row(
        "Event loop",
        (
            lines(
                Frame(
                    "Event-loop lag, p99 by instance",
                    "How much later than asked the loop came back to a probe. Every connection of the process waits as "
                    "long.",
                    units.Seconds,
                ),
                Query(measures.LOOP_LAG_P99, "{{instance}}"),
                limit=limits.LOOP_LAG,
            ),
            heat(
                Frame("Event-loop lag, all probes", "Each probe in its bucket.", units.Seconds),
                Query(buckets(EVENT_LOOP_LAG)),
            ),
            lines(
                Frame(
                    "Runs of the garbage collector",
                    f"A minute, by generation. Many runs of generation 2 hold the loop up. {_ONE_WORKER}",
                    units.CountsPerMinute,
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
                    "Health checks, scrapes and readers of the reference; other is what is not of the API.",
                    units.RequestsPerSecond,
                ),
                Query(rate(HTTP_REQUESTS, "route", "method"), "{{method}} {{route}}"),
                stacked=True,
            ),
            lines(
                Frame(
                    "HTTP answers by status",
                    "5xx is a fault of ours; 503 of /ready while an instance goes away is not.",
                    units.RequestsPerSecond,
                ),
                Query(rate(HTTP_REQUESTS, "status_class"), "{{status_class}}"),
                stacked=True,
            ),
            lines(
                Frame("HTTP duration, p95 by route", "Coarse: the buckets are 10 ms, 100 ms and 1 s.", units.Seconds),
                Query(quantile(0.95, HTTP_REQUEST_DURATION, "route"), "{{route}}"),
            ),
        ),
    )


def _telemetry() -> Row:
    return Row(
        "Telemetry health",
        (
            lines(
                Frame(
                    "Lost on the way out",
                    "Log lines, spans and error reports a minute. Whoever takes them is down or too slow; streams do "
                    "not notice.",
                    units.EventsPerMinute,
                    6,
                ),
                Query(per_minute(TELEMETRY_DROPPED, "signal"), "{{signal}}"),
                limit=limits.DROPPED,
            ),
            lines(
                Frame(
                    "Sinks that fail",
                    "Events a minute that a sink raised an error on: its numbers, lines or spans have gaps.",
                    units.EventsPerMinute,
                    6,
                ),
                Query(per_minute(TELEMETRY_ERRORS, "sink"), "{{sink}}"),
                limit=limits.SINK_ERRORS,
            ),
            lines(
                Frame("Log lines by level", "A minute.", units.EventsPerMinute, 6),
                Query(per_minute(LOG_RECORDS, "level"), "{{level}}"),
                stacked=True,
            ),
            lines(
                Frame("Scrapes", "How long Prometheus waits for the metrics.", units.Seconds, 3),
                Query(select(SCRAPE_DURATION), "{{instance}}"),
            ),
            lines(
                Frame("Series", "Samples in a scrape: a steady number, as no label grows.", units.Short, 3),
                Query(select(SCRAPE_SAMPLES), "{{instance}}"),
            ),
        ),
    )

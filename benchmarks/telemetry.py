"""The cost of telemetry: the service with all of it against the service with none, and a scrape."""

from collections import defaultdict
from collections.abc import Mapping

import msgspec
from prometheus_client.parser import text_string_to_metric_families

from benchmarks import scrape
from benchmarks.load import StreamLoad
from benchmarks.measure import Measure
from benchmarks.processes import COLLECTOR, KENT, SERVICE, Server, get, run_on, serve, without
from benchmarks.rounds import Race, Run
from benchmarks.servers import pace
from benchmarks.worker_scrape import WORKERS, with_workers, worker_scrapes

OFF, SOME_TRACES, EVERY_TRACE = "off", "on, 10 % of traces", "on, all traces"
ALL_OVER_OTLP = "on, 10 % of traces, metrics and logs over OTLP"
LAG = "lag of the event loop"
_TRACES = {"OTEL_METRICS_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none"}
_ON = {
    SOME_TRACES: {**_TRACES, "OTEL_TRACES_SAMPLER_ARG": "0.1"},
    EVERY_TRACE: {**_TRACES, "OTEL_TRACES_SAMPLER_ARG": "1"},
    ALL_OVER_OTLP: {"OTEL_METRIC_EXPORT_INTERVAL": "15000", "OTEL_TRACES_SAMPLER_ARG": "0.1"},
}
"""The settings of each variant; the argument is the share of streams whose spans are exported."""
_EXPORT_SECONDS = 0.5


def telemetry(run: Run) -> list[Measure]:
    """The service with all telemetry and with none, under whole streams; then a scrape."""
    scale = run.scale
    loads = {
        f"{count} streams": StreamLoad(
            count, count * scale.spread_seconds_per_stream, 2 * _EXPORT_SECONDS, whole_chunks=scale.telemetry_chunks
        )
        for count in scale.streams
    }
    cpu = Measure("telemetry_cpu", "CPU of the server for a chunk of whole streams", "µs", baseline=OFF)
    measures = ((cpu, "chunk_cpu_us"), *pace("telemetry_", OFF))
    checks = Measure("telemetry_checks", "Checks: was telemetry on? did all keep up?", "", compared=False)
    with serve(COLLECTOR, run.cores) as collector, serve(KENT, run.cores) as kent:
        settings = {
            "LOG_LEVEL": "INFO",
            "LOG_FORMAT": "json",
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
            "OTEL_BSP_SCHEDULE_DELAY": str(round(_EXPORT_SECONDS * 1000)),  # all is exported within the measurement
            "SENTRY_DSN": f"http://public@{kent.address}/1",
        }
        programs = (
            without("telemetry", OFF),
            *(
                msgspec.structs.replace(SERVICE, name=name, settings={**settings, **variant})
                for name, variant in _ON.items()
            ),
        )
        found = Race(programs, loads, scale.telemetry_rounds, measures, checks, inspect=_counters).run(run)
    run.report("scrapes")
    scrape_ms, lag_ms, samples = run_on(run.cores.server, scrape.scrapes, scale.scrapes)
    figures = {"request to response": {SERVICE.name: scrape_ms}, LAG: {SERVICE.name: lag_ms}}
    with serve(with_workers(SERVICE), run.cores) as server:
        of_workers = {case: {SERVICE.name: ms} for case, ms in worker_scrapes(server, scale.scrapes).items()}
    return [
        *found,
        Measure("telemetry_scrape", f"A scrape of {samples} samples", "ms", compared=False, figures=figures),
        Measure("telemetry_workers", f"A scrape of {WORKERS} workers", "ms", compared=False, figures=of_workers),
    ]


def _counters(server: Server) -> Mapping[str, float]:
    _, text = get(server.port, "/metrics")
    sums: defaultdict[str, float] = defaultdict(float)
    for family in text_string_to_metric_families(text.decode()):
        for sample in family.samples:
            sums[sample.name] += sample.value
    return {
        "log lines": sums["stream_log_records_total"],
        "lost log lines and spans": sums["stream_telemetry_dropped_total"],
    }

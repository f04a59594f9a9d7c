"""What telemetry costs: the service with all of it against the service whose recorder has no sinks."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from http.client import HTTPConnection

import msgspec
from prometheus_client.parser import text_string_to_metric_families

from benchmarks import signals
from benchmarks.figures import Measure, Target
from benchmarks.load import WholeStreams, stream
from benchmarks.machine import Cores
from benchmarks.scale import Scale
from benchmarks.servers import COLLECTOR, KENT, SERVICE, Program, Server, running
from benchmarks.worker import ask

OFF = "off"
SAMPLED = {"on, 10 % of traces": 0.1, "on, all traces": 1.0}
"""By the name in the tables, the share of streams whose spans are sent."""
CPU_TARGETS = dict(zip(SAMPLED, (1.05, 1.15), strict=True))
PACING_TARGET_MS = 1
LAG_TARGET_MS = 10

_SILENT = Program(OFF, ("-m", "benchmarks.silent_service"), "/ready")
_EXPORT_SECONDS = 0.5


def telemetry(scale: Scale, cores: Cores, say: Callable[[str], None]) -> list[Measure]:
    """CPU and pace of whole streams with everything on and off, then signal by signal, then a scrape."""
    back_end_cores = msgspec.structs.replace(cores, server=cores.back_end)
    with running(COLLECTOR, back_end_cores) as collector, running(KENT, back_end_cores) as kent:
        collector_url, dsn = f"http://{collector.address}", f"http://public@{kent.address}/1"
        return _streams(scale, cores, say, collector_url, dsn) + _signals(scale, cores, say, collector_url, dsn)


def _streams(scale: Scale, cores: Cores, say: Callable[[str], None], collector_url: str, dsn: str) -> list[Measure]:
    cpu = Measure("telemetry_cpu", "CPU of the server for a chunk of whole streams", "µs", compared=False)
    ratio = Measure("telemetry_ratio", "The same, as ratio to off in the same round", "", compared=False)
    p50 = Measure("telemetry_p50", "Deviation of the gap between chunks: half are below", "ms", compared=False)
    p99 = Measure("telemetry_p99", "Deviation of the gap between chunks: 99 % are below", "ms", compared=False)
    checks = Measure("telemetry_checks", "Checks: was it on? did all keep up?", "", compared=False)
    variants: list[tuple[Program, dict[str, str]]] = [(_SILENT, {})]
    variants += [
        (Program(name, SERVICE.arguments, SERVICE.ready_path), _everything(share, collector_url, dsn))
        for name, share in SAMPLED.items()
    ]
    for count in scale.streams:
        case = f"{count} streams"
        spread_seconds = count * scale.spread_seconds_per_stream
        load = WholeStreams(count, scale.telemetry_chunks, spread_seconds, 2 * _EXPORT_SECONDS)
        for turn in range(scale.telemetry_rounds):
            found: dict[str, float] = {}
            # Whoever comes first has another neighbour: each takes its turn in that too.
            first = turn % len(variants)
            for program, settings in variants[first:] + variants[:first]:
                say(f"{case}, round {turn + 1} of {scale.telemetry_rounds}: {program.name}")
                with running(program, cores, settings=settings) as server:
                    seen = stream(server, cores, load)
                    told = _counters(server)
                found[program.name] = seen.server_cpu_seconds / seen.chunks * 1e6
                p50.add(case, program.name, seen.deviation_p50_seconds * 1e3)
                p99.add(case, program.name, seen.deviation_p99_seconds * 1e3)
                checks.add(f"{case}: log lines", program.name, told["stream_log_records_total"])
                checks.add(f"{case}: lost of logs and spans", program.name, told["stream_telemetry_dropped_total"])
                checks.add(f"{case}: server's core, %", program.name, seen.server_cpu_seconds / seen.seconds * 100)
                checks.add(f"{case}: client's core, %", program.name, seen.client_cpu_seconds / seen.seconds * 100)
            for name, figure in found.items():
                cpu.add(case, name, figure)
            for name in SAMPLED:
                ratio.add(case, name, found[name] / found[OFF])
    return [cpu, ratio, p50, p99, checks]


def _counters(server: Server) -> Mapping[str, float]:
    """What its metrics say, summed over their labels."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    sums: defaultdict[str, float] = defaultdict(float)
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            sums[sample.name] += sample.value
    return sums


def _everything(share: float, collector_url: str, dsn: str) -> dict[str, str]:
    """The settings of a service whose telemetry is all on."""
    return {
        "LOG_LEVEL": "INFO",
        "LOG_FORMAT": "json",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector_url,
        "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
        "OTEL_TRACES_SAMPLER_ARG": str(share),
        "OTEL_BSP_SCHEDULE_DELAY": str(round(_EXPORT_SECONDS * 1000)),  # so that all is sent before the count ends
        "SENTRY_DSN": dsn,
    }


def _signals(scale: Scale, cores: Cores, say: Callable[[str], None], collector_url: str, dsn: str) -> list[Measure]:
    say("signal by signal")
    task = signals.Task(
        scale.telemetry_streams,
        scale.telemetry_chunks,
        scale.telemetry_rounds,
        scale.scrapes,
        collector_url,
        dsn,
    )
    found = msgspec.json.decode(ask("benchmarks.signals", task, cores.server), type=signals.SignalFigures)
    added = Measure("telemetry_signals", "CPU that a signal alone adds to a stream", "µs", compared=False)
    added.figures = {name: {"added": figures} for name, figures in found.stream_us.items()}
    scrape = Measure("telemetry_scrape", f"A scrape of {found.series} samples", "ms", compared=False)
    scrape.figures = {"question to answer": {SERVICE.name: found.scrape_ms}, "loop late": {SERVICE.name: found.lag_ms}}
    return [added, scrape]


def telemetry_targets(by_name: Mapping[str, Measure]) -> list[Target]:
    """What telemetry may cost, at each load that was measured."""
    found: list[Target] = []
    if ratio := by_name.get("telemetry_ratio"):
        p99 = by_name["telemetry_p99"]
        for case in ratio.figures:
            for name, limit in CPU_TARGETS.items():
                found.append(Target(f"CPU a chunk at {case}: {name} / {OFF}", ratio.median(case, name), limit))
                added_ms = p99.median(case, name) - p99.median(case, OFF)
                found.append(Target(f"deviation p99 at {case}: {name} - {OFF}, ms", added_ms, PACING_TARGET_MS))
    if scrape := by_name.get("telemetry_scrape"):
        found.append(Target("loop late in a scrape, ms", scrape.median("loop late", SERVICE.name), LAG_TARGET_MS))
    return found

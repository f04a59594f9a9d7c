"""What is measured, each as rounds in which all servers take their turn."""

from collections.abc import Callable, Sequence

from benchmarks.browser import browser, browser_targets
from benchmarks.cache import cache, cache_targets
from benchmarks.content import content, content_targets
from benchmarks.figures import Measure, Target
from benchmarks.load import GAP_SECONDS, IdleLoad, StreamLoad, idle, stream
from benchmarks.machine import Cores
from benchmarks.scale import Scale
from benchmarks.servers import BARE_FASTAPI, FLOOR, SERVICE, running
from benchmarks.stores import stores
from benchmarks.telemetry import telemetry, telemetry_targets


def streams(scale: Scale, cores: Cores, say: Callable[[str], None]) -> list[Measure]:
    """Cost and steadiness of a chunk, and whether server and client kept up."""
    cpu = Measure("cpu", "CPU of the server for a delivered chunk", "µs")
    p50 = Measure("deviation_p50", "Deviation of the gap between chunks, as the client sees it: half are below", "ms")
    p99 = Measure("deviation_p99", "Deviation of the gap between chunks, as the client sees it: 99 % are below", "ms")
    checks = Measure("checks", "Checks: did server and client keep up? are the messages alike?", "", compared=False)
    for count in scale.streams:
        case = f"{count} streams"
        spread_seconds = count * scale.spread_seconds_per_stream
        load = StreamLoad(count, spread_seconds, scale.settle_seconds, scale.window_seconds)
        for turn in range(scale.rounds):
            for program in (SERVICE, BARE_FASTAPI, FLOOR):
                say(f"{case}, round {turn + 1} of {scale.rounds}: {program.name}")
                with running(program, cores) as server:
                    seen = stream(server, cores, load)
                cpu.add(case, program.name, seen.server_cpu_seconds / seen.chunks * 1e6)
                p50.add(case, program.name, seen.deviation_p50_seconds * 1e3)
                p99.add(case, program.name, seen.deviation_p99_seconds * 1e3)
                due = count * seen.seconds / GAP_SECONDS
                checks.add(f"{case}: delivered, % of due", program.name, seen.chunks / due * 100)
                checks.add(f"{case}: server's core, %", program.name, seen.server_cpu_seconds / seen.seconds * 100)
                checks.add(f"{case}: client's core, %", program.name, seen.client_cpu_seconds / seen.seconds * 100)
                checks.add(f"{case}: message, bytes", program.name, seen.message_bytes)
    return [cpu, p50, p99, checks]


def memory(scale: Scale, cores: Cores, say: Callable[[str], None]) -> list[Measure]:
    """What an idle connection keeps of the server's memory."""
    measured = Measure("memory", "Memory of the server for an idle connection", "KB")
    load = IdleLoad(scale.warm_connections, scale.connections, scale.settle_seconds)
    for turn in range(scale.rounds):
        for program in (SERVICE, BARE_FASTAPI):
            say(f"{scale.connections} idle connections, round {turn + 1} of {scale.rounds}: {program.name}")
            with running(program, cores) as server:
                seen = idle(server, cores, load)
            measured.add(f"{scale.connections} connections", program.name, seen.bytes_per_connection / 1000)
    return [measured]


def start(scale: Scale, cores: Cores, say: Callable[[str], None]) -> list[Measure]:
    """From nothing to an answer, byte code and disk cache warm."""
    measured = Measure("start", "From the start of the process to the first 200 of GET /", "ms")
    say(f"{scale.starts} starts")
    for turn in range(scale.starts + 1):
        for program in (SERVICE, BARE_FASTAPI):
            with running(program, cores, path="/") as server:
                if turn:  # the first one warms up
                    measured.add("GET /", program.name, server.start_seconds * 1e3)
    return [measured]


MEASURES = {
    "streams": streams,
    "memory": memory,
    "start": start,
    "content": content,
    "cache": cache,
    "stores": stores,
    "telemetry": telemetry,
    "browser": browser,
}
"""By the name that ``--only`` takes."""

USUAL = ("streams", "memory", "start", "content", "cache")
"""What is measured unless something else is asked for: the others take long, or a Chromium."""


def targets(measures: Sequence[Measure]) -> list[Target]:
    """What the project has set itself, for the largest load that was measured."""
    by_name = {measure.name: measure for measure in measures}
    found: list[Target] = []
    if cpu := by_name.get("cpu"):
        case = list(cpu.figures)[-1]
        p99 = by_name["deviation_p99"]
        found += (
            Target(
                f"CPU a chunk at {case} / {BARE_FASTAPI.name}", cpu.ratio(case, SERVICE.name, BARE_FASTAPI.name), 0.9
            ),
            Target(f"CPU a chunk at {case} / {FLOOR.name}", cpu.ratio(case, SERVICE.name, FLOOR.name), 2.5),
            Target(f"deviation p99 at {case}, ms", p99.median(case, SERVICE.name), 20),
        )
    if idle_memory := by_name.get("memory"):
        case = list(idle_memory.figures)[-1]
        ratio = idle_memory.ratio(case, SERVICE.name, BARE_FASTAPI.name)
        found.append(Target(f"memory of an idle connection at {case} / {BARE_FASTAPI.name}", ratio, 1.2))
    for more in (content_targets, cache_targets, telemetry_targets, browser_targets):
        found += more(by_name)
    return found

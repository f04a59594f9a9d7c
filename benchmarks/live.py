"""Live streams: what a token costs, how long it takes, and where more streams are too many."""

from collections.abc import Iterator
from functools import partial

import msgspec

from benchmarks import live_client
from benchmarks.live_load import BURST_CHARACTERS, BURST_SECONDS, PUBLISH_TOKEN, LiveFigures, LiveLoad
from benchmarks.load_client import percentile
from benchmarks.measure import SERVICE as SUBJECT
from benchmarks.measure import Measure
from benchmarks.processes import SERVICE, Program, python, run_on, serve
from benchmarks.rounds import KEPT_UP, Run

RELAY = Program("relay", python("-m", "benchmarks.live_relay"), ready_path="")
AT_ONCE, PACED = "at once", "adaptive"
KNEE_MS = 100.0
_PUBLISHING = msgspec.structs.replace(SERVICE, settings={"PUBLISH_TOKEN": PUBLISH_TOKEN})
_MEMORY_SOURCE_BYTES = 10_000


def live(run: Run) -> list[Measure]:
    return [*_tokens(run), _knee(run), _bursts(run), *_single(run)]


def _tokens(run: Run) -> Iterator[Measure]:
    """Streams with a reader each, against the relay: readers with the pace of arrival, and readers that skip."""
    scale = run.scale
    cpu = Measure("live_cpu", "CPU of the server for a token of a live stream", "µs")
    half, most = (
        Measure(f"live_delay_p{share}", f"source to socket, p{share}", "ms", compared=False) for share in (50, 99)
    )
    checks = Measure("live_checks", "Checks: did server and client keep up?", "", compared=False)
    for case, skips in ((PACED, False), (AT_ONCE, True)):
        for count in scale.live_streams:
            load = LiveLoad(count, scale.settle_seconds, scale.live_window_seconds, skips=skips)
            title = f"{count} streams, {case}"
            for turn in range(scale.rounds):
                programs = (_PUBLISHING, RELAY) if turn % 2 else (RELAY, _PUBLISHING)
                seen = {
                    program.name: _measured(run, program, load, f"{title}, round {turn + 1}") for program in programs
                }
                for program in (_PUBLISHING, RELAY):
                    figures = seen[program.name]
                    cpu.add(title, program.name, figures.token_cpu_us)
                    half.add(title, program.name, figures.delay_p50_ms)
                    most.add(title, program.name, figures.delay_p99_ms)
                    _check(checks, title, program.name, figures)
    yield from (cpu, half, most, checks)


def _knee(run: Run) -> Measure:
    """The most streams of which the tokens arrive in time, in steps; readers skip."""
    scale = run.scale
    knee = Measure("live_knee", f"live streams at 50 tokens a second until p99 is over {KNEE_MS:g} ms", "streams")
    for program in (_PUBLISHING, RELAY):
        count, fits = scale.live_knee_step, 0
        while count <= scale.live_knee_most:
            load = LiveLoad(count, scale.settle_seconds, scale.live_window_seconds, skips=True)
            figures = _measured(run, program, load, f"knee, {count} streams")
            if figures.delay_p99_ms > KNEE_MS or figures.delivered_percent < 95:
                break
            fits = count
            count += scale.live_knee_step
        knee.add("one core for the server", program.name, fits)
    return knee


def _bursts(run: Run) -> Measure:
    """Large appends in long intervals: the gaps between the chunks of a reader."""
    scale = run.scale
    load = LiveLoad(
        scale.live_burst_streams,
        4 * BURST_SECONDS,
        2 * scale.live_window_seconds,
        interval_seconds=BURST_SECONDS,
        characters=BURST_CHARACTERS,
    )
    gaps = Measure("live_gaps", "gap between chunks, 150 characters each 550 ms", "ms or ratio", compared=False)
    for _ in range(scale.rounds):
        for program in (_PUBLISHING, RELAY):
            figures = _measured(run, program, load, "bursts")
            gaps.add("p50", program.name, figures.gap_p50_ms)
            gaps.add("p99", program.name, figures.gap_p99_ms)
            gaps.add("p99 / p50", program.name, figures.gap_ratio)
            gaps.add("delay p99", program.name, figures.delay_p99_ms)
    return gaps


def _single(run: Run) -> Iterator[Measure]:
    """What needs no comparison with another program."""
    scale = run.scale
    growth = Measure("live_growth", "CPU of the last tokens of a long answer / of the first", "ratio")
    memory = Measure("live_memory", "memory of a live stream beyond its source, twice", "KB")
    cancel = Measure("live_cancel", "from a cancel to the producer", "ms")
    size, part = scale.live_growth_bytes, scale.live_growth_bytes // 20
    for turn in range(scale.rounds):
        run.report(f"growth, memory and cancel, round {turn + 1} of {scale.rounds}")
        with serve(_PUBLISHING, run.cores) as server:
            on_client = partial(run_on, run.cores.client)
            growth.add(
                f"{size // 1000} KB of Markdown", SUBJECT, on_client(live_client.growth_ratio, server, size, part)
            )
            seconds = on_client(live_client.cancel_seconds, server, scale.live_cancels)
            for share in (50, 99):
                cancel.add(f"p{share}", SUBJECT, percentile(seconds, share) * 1e3)
        with serve(_PUBLISHING, run.cores) as server:
            streams = scale.live_memory_streams
            grown = run_on(
                run.cores.client, live_client.memory_bytes, server, streams, _MEMORY_SOURCE_BYTES, scale.settle_seconds
            )
            memory.add(f"{streams} streams", SUBJECT, (grown - 2 * _MEMORY_SOURCE_BYTES) / 1e3)
    yield from (growth, memory, cancel)


def _measured(run: Run, program: Program, load: LiveLoad, what: str) -> LiveFigures:
    run.report(f"{what}: {program.name}")
    with serve(program, run.cores) as server:
        return run_on(run.cores.client, live_client.live, server, load)


def _check(checks: Measure, case: str, subject: str, figures: LiveFigures) -> None:
    fields = {**KEPT_UP, "delivered tokens, %": "delivered_percent", "chunks for a token": "chunks_per_token"}
    for title, name in fields.items():
        checks.add(f"{case}: {title}", subject, getattr(figures, name))

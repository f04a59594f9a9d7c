"""Programs that run under the same load one after the other, and the measures of their figures."""

from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct, field

from benchmarks import load_client
from benchmarks.load import StreamFigures, StreamLoad
from benchmarks.machine import Cores
from benchmarks.measure import Measure
from benchmarks.processes import Program, Server, run_on, serve
from benchmarks.scale import Scale
from service.protocol.messages import Speed

KEPT_UP = {"server's core, %": "server_core_percent", "client's core, %": "client_core_percent"}
"""Checks for every load: by title, the field of ``StreamFigures``."""


class Run(Struct, frozen=True):
    """What every measure needs."""

    scale: Scale
    cores: Cores
    report: Callable[[str], None]
    """Prints a line of progress."""


def paced(scale: Scale, counts: Iterable[int], speed: Speed | None = None) -> dict[str, StreamLoad]:
    """Loads of this number of streams over the window of the scale, by case; at ``superfast`` without ``speed``."""
    return {
        f"{count} {speed} streams" if speed else f"{count} streams": StreamLoad(
            count,
            count * scale.spread_seconds_per_stream,
            scale.settle_seconds,
            scale.window_seconds,
            speed=speed or Speed.SUPERFAST,
        )
        for count in counts
    }


class Race(Struct, frozen=True):
    """Programs under loads. Each run is a new process, and each round begins with another program."""

    programs: tuple[Program, ...]
    loads: Mapping[str, StreamLoad]
    """By case."""
    rounds: int
    measures: tuple[tuple[Measure, str], ...]
    """Each with the field of ``StreamFigures``."""
    checks: Measure
    check_fields: Mapping[str, str] = field(default_factory=lambda: KEPT_UP)
    inspect: Callable[[Server], Mapping[str, float]] = lambda _server: {}
    """Called after a load; returns more figures for ``checks``."""

    def run(self, run: Run) -> list[Measure]:
        for case, load in self.loads.items():
            for turn in range(self.rounds):
                seen: dict[str, tuple[StreamFigures, Mapping[str, float]]] = {}
                first = turn % len(self.programs)
                for program in (*self.programs[first:], *self.programs[:first]):
                    run.report(f"{case}, round {turn + 1} of {self.rounds}: {program.name}")
                    with serve(program, run.cores) as server:
                        figures = run_on(run.cores.client, load_client.stream, server, load)
                        seen[program.name] = figures, self.inspect(server)
                for program in self.programs:
                    self._add(case, program.name, *seen[program.name])
        return [*(measure for measure, _ in self.measures), self.checks]

    def _add(self, case: str, subject: str, figures: StreamFigures, inspected: Mapping[str, float]) -> None:
        for measure, name in self.measures:
            measure.add(case, subject, getattr(figures, name))
        checks = {title: getattr(figures, name) for title, name in self.check_fields.items()}
        for title, figure in {**checks, **inspected}.items():
            self.checks.add(f"{case}: {title}", subject, figure)

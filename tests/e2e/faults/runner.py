"""Run one row of the fault matrix."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from msgspec import Struct, field

from tests.e2e.faults.row import Figure, Row, Shown
from tests.e2e.faults.stage import RIGHT_ON_A_BUSY_HOST, Stage
from tests.waiting import LIMIT_SECONDS

_LOOK_SECONDS: Final = 0.25


class Outcome(Struct):
    """What an operator was notified of a fault."""

    notified: dict[str, float] = field(default_factory=dict)
    """The alerts of which the operator was notified, with the minutes from the fault until each fired."""
    missing: list[str] = field(default_factory=list)
    """What should have been seen and was not."""
    explained: list[str] = field(default_factory=list)
    """The causes that ``explain`` names."""
    figures: dict[str, str] = field(default_factory=dict)
    host_seconds: float = 0
    """The longest time for which this machine had no time for a thread of the service, of any half second."""

    def first_cause(self, row: Row) -> str:
        """What ``explain`` names first, without the causes that are right about a busy machine."""
        right = self._right_on_this_host - {row.cause}
        return next((cause for cause in self.explained if cause not in right), "")

    def false(self, row: Row) -> set[str]:
        """The alerts that the fault does not explain."""
        return self.notified.keys() - row.alerts - row.also - self._right_on_this_host

    @property
    def _right_on_this_host(self) -> frozenset[str]:
        names = [names for seconds, names in RIGHT_ON_A_BUSY_HOST.items() if self.host_seconds > seconds]
        return frozenset().union(*names)


def run(row: Row, folder: Path, limit_seconds: float = LIMIT_SECONDS) -> Outcome:
    """Inject the fault and watch; wait for each sign of it for up to ``limit_seconds``."""
    with Stage(folder, row.setup, row.minute) as stage:
        stage.warm_up()
        watch = _Watch(row, stage, limit_seconds)
        with row.fault(stage):
            watch.see_signs()
            stage.wait_minutes(row.watch_minutes)
            if not row.cause and not watch.explain():
                watch.outcome.missing.append("explain: nothing")
        stage.traffic.close()
        watch.compare_figures()
        return watch.outcome


class _Watch:
    """Collects the outcome of a row whose fault begins now."""

    def __init__(self, row: Row, stage: Stage, limit_seconds: float) -> None:
        self.outcome = Outcome()
        self._row = row
        self._stage = stage
        self._limit_seconds = limit_seconds
        self._began = time.monotonic()
        self._began_wall = time.time()

    def see_signs(self) -> None:
        """Wait for the alerts, the panel and the cause."""
        row = self._row
        for alert in sorted(row.alerts):
            self._expect(alert, partial(self._was_notified, alert))
        if row.shown is not None:
            self._expect(row.shown.panel, partial(self._shows, row.shown))
        if row.cause:
            self._expect(f"explain: {row.cause}", self.explain)

    def explain(self) -> bool:
        """Whether ``explain`` names the cause of the row first, or nothing if the row has none."""
        self.outcome.host_seconds = self._stage.host.longest_seconds
        self.outcome.explained = self._stage.explained()
        return self.outcome.first_cause(self._row) == self._row.cause

    def compare_figures(self) -> None:
        """After the end of the load: its figure, and all alerts."""
        if self._row.figure is not None:
            self._expect(self._row.figure.name, partial(self._agrees, self._row.figure))
        notified = self._stage.notified(self._began_wall)
        self.outcome.notified = {name: (at - self._began_wall) / self._row.minute for name, at in notified.items()}
        self.outcome.host_seconds = self._stage.host.longest_seconds

    def _expect(self, what: str, seen: Callable[[], bool]) -> None:
        deadline = time.monotonic() + self._limit_seconds
        while not seen():
            if time.monotonic() >= deadline:
                self.outcome.missing.append(what)
                return
            time.sleep(_LOOK_SECONDS)

    def _was_notified(self, alert: str) -> bool:
        return alert in self._stage.notified(self._began_wall)

    def _shows(self, shown: Shown) -> bool:
        return any(map(shown.by, self._stage.panel(shown.panel)))

    def _agrees(self, figure: Figure) -> bool:
        samples = self._stage.query(figure.service, time.monotonic() - self._began)
        service = float(samples[0]["value"][1]) if samples else 0
        load = figure.load(self._stage, self._began)
        self.outcome.figures[figure.name] = f"{service:g} by the service, {load:g} by the load"
        return figure.agrees(service, load)

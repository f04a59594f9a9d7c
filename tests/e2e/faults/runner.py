"""Run one row of the fault matrix."""

import time
from collections.abc import Callable, Iterable
from functools import partial
from itertools import takewhile
from operator import not_
from pathlib import Path
from typing import Final

from msgspec import Struct, field

from tests.e2e.faults.row import Figure, Row, Shown
from tests.e2e.faults.stage import RIGHT_ON_A_BUSY_HOST, Stage
from tests.waiting import LIMIT_SECONDS

_LOOK_SECONDS: Final = 0.25
VISIBLE_MINUTES: Final = 2
"""Within which each fault is to be seen."""


class Outcome(Struct):
    """What an operator was notified of a fault."""

    notified: dict[str, float] = field(default_factory=dict)
    """The alerts of which the operator was notified, with the minutes from the fault until each fired."""
    missing: list[str] = field(default_factory=list)
    """What should have been seen and was not."""
    explained: list[str] = field(default_factory=list)
    """The causes that ``explain`` names."""
    visible: dict[str, float] = field(default_factory=dict)
    """The minutes of the rules from the fault until a panel showed it, or the condition of an alert held; counted in
    evaluations of the rules."""
    figures: dict[str, str] = field(default_factory=dict)
    host_seconds: float = 0
    """The longest time for which this machine had no time for a thread of the service, of any half second."""

    def date(self, sign: str, seen: Iterable[bool], interval_minutes: float) -> None:
        """Note when a sign was there first, by whether it was at each evaluation since the fault."""
        before = sum(1 for _ in takewhile(not_, seen))
        self.visible[sign] = before * interval_minutes
        if self.visible[sign] > VISIBLE_MINUTES:
            self.missing.append(f"{sign}: within {VISIBLE_MINUTES} minutes")

    def explains(self, row: Row) -> bool:
        """Whether ``explain`` names the causes of the row first, after those that are right about a busy machine."""
        right = self._right_on_this_host - {*row.causes}
        named = [cause for cause in self.explained if cause not in right]
        return {*named[: len(row.causes) or 1]} == {*row.causes}

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
            if not row.causes and not watch.explain():
                watch.outcome.missing.append("explain: nothing")
            watch.date_signs()
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
        """Wait for the alerts, the panels and the causes."""
        row = self._row
        for alert in sorted(row.alerts):
            self._expect(alert, partial(self._was_notified, alert))
        for shown in row.shown:
            self._expect(shown.name, partial(self._shows, shown))
        if row.causes:
            self._expect(f"explain: {', '.join(row.causes)}", self.explain)

    def date_signs(self) -> None:
        """How long after the fault the first sign of it was there: each panel, and one of the alerts."""
        stage = self._stage
        evaluated = stage.evaluated(stage.fault_at or self._began_wall)
        signs: dict[str, Callable[[float], bool]] = {
            shown.name: partial(self._shows, shown) for shown in self._row.shown
        }
        if self._row.alerts:
            signs["an alert"] = lambda at: bool(stage.pending(self._row.alerts, at))
        for name, holds in signs.items():
            self.outcome.date(name, map(holds, evaluated), stage.interval_seconds / stage.minute)

    def explain(self) -> bool:
        """Whether ``explain`` names the causes of the row first, or nothing if the row has none."""
        self.outcome.host_seconds = self._stage.host.longest_seconds
        self.outcome.explained = self._stage.explained()
        return self.outcome.explains(self._row)

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

    def _shows(self, shown: Shown, at: float | None = None) -> bool:
        return any(map(shown.by, self._stage.panel(shown.panel, at)))

    def _agrees(self, figure: Figure) -> bool:
        samples = self._stage.query(figure.service, time.monotonic() - self._began)
        service = float(samples[0]["value"][1]) if samples else 0
        load = figure.load(self._stage, self._began)
        self.outcome.figures[figure.name] = f"{service:g} by the service, {load:g} by the load"
        return figure.agrees(service, load)

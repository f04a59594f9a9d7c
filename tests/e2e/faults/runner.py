"""Run one row of the fault matrix."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from msgspec import Struct, field

from tests.e2e.faults.row import Row
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
    outcome = Outcome()
    with Stage(folder, row.setup, row.minute) as stage:

        def expect(what: str, seen: Callable[[], bool]) -> None:
            if not _soon(seen, limit_seconds):
                outcome.missing.append(what)

        stage.warm_up()
        began, began_wall = time.monotonic(), time.time()

        def was_notified(alert: str) -> bool:
            return alert in stage.notified(began_wall)

        with row.fault(stage):
            for alert in sorted(row.alerts):
                expect(alert, partial(was_notified, alert))
            if row.shown is not None:
                shown = row.shown
                expect(shown.panel, lambda: any(map(shown.by, stage.panel(shown.panel))))
            stage.wait_minutes(row.watch_minutes)
            outcome.explained = stage.explained()
        stage.traffic.close()
        if row.figure is not None:
            figure = row.figure

            def agrees() -> bool:
                samples = stage.query(figure.service, time.monotonic() - began)
                service, load = float(samples[0]["value"][1]) if samples else 0, figure.load(stage, began)
                outcome.figures[figure.name] = f"{service:g} by the service, {load:g} by the load"
                return figure.agrees(service, load)

            expect(figure.name, agrees)
        outcome.host_seconds = stage.host.longest_seconds
        outcome.notified = {name: (at - began_wall) / row.minute for name, at in stage.notified(began_wall).items()}
    return outcome


def _soon(look: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not (found := look()) and time.monotonic() < deadline:
        time.sleep(_LOOK_SECONDS)
    return found

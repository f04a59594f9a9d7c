"""What a row of the fault matrix consists of."""

from collections.abc import Callable, Mapping

from msgspec import Struct

from tests.backends.prometheus import Sample
from tests.e2e.faults.injections import Fault
from tests.e2e.faults.stage import Setup, Stage
from tests.ops.dashboards.boards import PANELS


class Shown(Struct, frozen=True):
    """A panel that shows the fault: one of its series is beyond the line, or in a state with the colour of faults."""

    panel: str
    """The dashboard and the title."""
    labels: Mapping[str, str] = {}
    """Of the series."""
    above: float | None = None
    """For a panel without a line."""

    @property
    def name(self) -> str:
        """The panel, and the values of the labels."""
        return " of ".join((self.panel, *self.labels.values()))

    def by(self, sample: Sample) -> bool:
        return sample["metric"].items() >= self.labels.items() and self._is_fault(float(sample["value"][1]))

    def _is_fault(self, value: float) -> bool:
        defaults = PANELS[self.panel]["fieldConfig"]["defaults"]
        if self.above is not None:
            return value > self.above
        mappings = [one["options"] for one in defaults.get("mappings") or () if one["type"] == "value"]
        colours = {state: shown["color"] for states in mappings for state, shown in states.items() if "color" in shown}
        if colours:
            return colours.get(f"{value:g}") == "red"
        line = defaults["thresholds"]["steps"][1]["value"]
        return value >= line if line else value > 0


class Figure(Struct, frozen=True):
    """A number that both the service and the load know."""

    name: str
    service: str
    """A query; ``[$fault]`` is the time since the fault began."""
    load: Callable[[Stage, float], float]
    """Of the stage and the moment (``time.monotonic``) at which the fault began."""
    tolerance: float = 0
    """A share of the number."""

    def agrees(self, service: float, load: float) -> bool:
        return abs(service - load) <= self.tolerance * load


class Row(Struct, frozen=True):
    name: str
    fault: Fault
    alerts: frozenset[str] = frozenset()
    """Of these the operator is notified, and of no others."""
    shown: tuple[Shown, ...] = ()
    """Of several faults at once a panel for each."""
    figure: Figure | None = None
    causes: tuple[str, ...] = ()
    """What ``explain`` names first: of several faults at once each of them, in any order; of none nothing."""
    also: frozenset[str] = frozenset()
    """Of these the operator may be notified as well: they are right, but depend on the moment."""
    setup: Setup = Setup()
    minute: float = 2
    """The seconds that are a minute for the rules. A fault that has a period of its own needs longer ones."""
    watch_minutes: float = 8
    """For which the fault lasts after the last alert, or in all without any."""
    quick: bool = False
    """Whether it is part of ``make test``."""

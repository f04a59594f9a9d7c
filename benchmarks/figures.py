"""Figures of a run: so many a case and a subject, one for each round."""

import statistics

from msgspec import Struct, field


class Measure(Struct):
    """One table: cases down, subjects across. The first subject is ours."""

    name: str
    title: str
    unit: str
    compared: bool = True
    """Whether a ratio of ours to another's says something."""
    figures: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    """By case, then by subject."""

    def add(self, case: str, subject: str, figure: float) -> None:
        self.figures.setdefault(case, {}).setdefault(subject, []).append(figure)

    def median(self, case: str, subject: str) -> float:
        return statistics.median(self.figures[case][subject])

    def ratio(self, case: str, ours: str, other: str) -> float:
        """Of the medians."""
        return self.median(case, ours) / self.median(case, other)

    def ratio_in_turn(self, case: str, ours: str, other: str) -> float:
        """The median of the rounds' ratios: for what takes turns so quickly that the machine is the same for both."""
        figures = self.figures[case]
        return statistics.median(one / two for one, two in zip(figures[ours], figures[other], strict=True))


class Target(Struct, frozen=True):
    """A figure that is to be at most its limit."""

    title: str
    figure: float
    limit: float
    unit: str = ""

    @property
    def met(self) -> bool:
        return self.figure <= self.limit

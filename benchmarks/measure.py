"""Figures of a run, the targets that they are compared with, and their text as Markdown tables."""

import re
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

from msgspec import Struct, field

SERVICE = "service"


class Measure(Struct):
    """One table: a figure of each round by case and subject. The first subject is the service."""

    name: str
    title: str
    unit: str
    compared: bool = True
    """Whether the table has the ratios of the service to the other subjects."""
    baseline: str = ""
    """The subject to which the table has the ratio of every other one, in the same round."""
    figures: dict[str, dict[str, list[float]]] = field(default_factory=dict)

    def add(self, case: str, subject: str, figure: float) -> None:
        self.figures.setdefault(case, {}).setdefault(subject, []).append(figure)

    def median(self, case: str, subject: str = SERVICE) -> float:
        return statistics.median(self.figures[case][subject])

    def ratio(self, case: str, subject: str, other: str) -> float:
        """The ratio of the medians."""
        return self.median(case, subject) / self.median(case, other)

    def paired_ratio(self, case: str, subject: str, other: str) -> float:
        """The median of the ratios of the rounds: for subjects that run right after one another."""
        figures = self.figures[case]
        return statistics.median(one / two for one, two in zip(figures[subject], figures[other], strict=True))


class Target(Struct, frozen=True):
    """A figure and the limit that it should not exceed."""

    title: str
    figure: float
    limit: float

    @property
    def met(self) -> bool:
        return self.figure <= self.limit


class Goal(Struct, frozen=True):
    """A target of the project: the limit of ``(subject - minus) / other``, of the medians of one measure.

    Without ``other`` or ``minus`` that part is left out.
    """

    measure: str
    title: str
    """Contains ``{case}``."""
    limit: float
    other: str = ""
    minus: str = ""
    subject: str = SERVICE
    paired: bool = False
    """Whether it is the median of the ratios of the rounds instead."""
    over: Literal["last", "each", "worst"] = "last"
    """Which of the cases have a target."""
    only: str = ".*"
    """A regular expression for the cases that count."""

    def targets(self, measures: Mapping[str, Measure]) -> Iterator[Target]:
        """None if the measure was not taken."""
        measure = measures.get(self.measure)
        if measure is None:
            return
        cases = [case for case in measure.figures if re.fullmatch(self.only, case)]
        figures = {case: self._figure(measure, case) for case in (cases[-1:] if self.over == "last" else cases)}
        worst = max(figures, key=figures.__getitem__, default="")
        for case in [worst] if self.over == "worst" else figures:
            yield Target(self.title.format(case=case), figures[case], self.limit)

    def _figure(self, measure: Measure, case: str) -> float:
        if self.paired:
            return measure.paired_ratio(case, self.subject, self.other)
        figure = measure.median(case, self.subject)
        figure -= measure.median(case, self.minus) if self.minus else 0
        return figure / (measure.median(case, self.other) if self.other else 1)


class Report(Struct):
    """A complete run, as ``--json`` writes it."""

    machine: dict[str, str]
    measures: list[Measure] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)
    """Why a measure could not be taken, by its name."""

    def __str__(self) -> str:
        blocks = [_table("machine", ["what", "which"], self.machine.items()), *map(_measure_table, self.measures)]
        if self.targets:
            rows = (
                [target.title, f"{target.figure:.2f}", f"at most {target.limit:g}", "met" if target.met else "MISSED"]
                for target in self.targets
            )
            title = "targets (defined for 1000 streams and 2000 connections)"
            blocks.append(_table(title, ["what", "figure", "target", ""], rows))
        return "\n".join(blocks)


def _measure_table(measure: Measure) -> str:
    """Medians with the lowest and the highest figure of the rounds, and ratios."""
    first, *others = subjects = list(next(iter(measure.figures.values())))
    pairs = (
        [(other, measure.baseline) for other in others] if measure.baseline else [(first, other) for other in others]
    )
    ratio = measure.paired_ratio if measure.baseline else measure.ratio
    rows = (
        [
            case,
            *(_format(measure.median(case, subject), figures) for subject, figures in by_subject.items()),
            *(f"{ratio(case, *pair):.2f}" for pair in pairs if measure.compared),
        ]
        for case, by_subject in measure.figures.items()
    )
    ratios = [f"{one} / {other}" for one, other in pairs if measure.compared]
    return _table(measure.title, [measure.unit, *subjects, *ratios], rows)


def _format(median: float, figures: Sequence[float]) -> str:
    digits = 0 if median >= 1000 else 1 if median >= 10 else 2
    spread = f" ({min(figures):.{digits}f}-{max(figures):.{digits}f})" if len(figures) > 1 else ""
    return f"{median:.{digits}f}{spread}"


def _table(title: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Aligned, so that it is readable as plain text too."""
    lines = [header, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    table = (f"| {' | '.join(map(str.ljust, line, widths))} |" for line in lines)
    return "\n".join((f"## {title}", "", *table, ""))

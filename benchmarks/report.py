"""A run, and how it reads: Markdown tables, aligned so that they read as plain text too."""

from collections.abc import Sequence

from msgspec import Struct, field

from benchmarks.figures import Measure, Target


class Report(Struct):
    """All of a run; what ``--json`` writes."""

    machine: dict[str, str]
    measures: list[Measure] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)
    """What could not be measured, and why."""


def as_text(report: Report) -> str:
    blocks = [
        _table("machine", ["what", "which"], [list(item) for item in report.machine.items()]),
        *map(_measure, report.measures),
    ]
    if report.targets:
        rows = [
            [target.title, f"{target.figure:.2f}", f"at most {target.limit:g}", "met" if target.met else "MISSED"]
            for target in report.targets
        ]
        blocks.append(
            _table("targets (set for 1000 streams and 2000 connections)", ["what", "figure", "target", ""], rows)
        )
    return "\n".join(blocks)


def _measure(measure: Measure) -> str:
    """Medians, with the least and the most of the rounds; ratios of the medians, ours over another's."""
    subjects = list(next(iter(measure.figures.values())))
    ours, *others = subjects if measure.compared else subjects[:1]
    header = [measure.unit, *subjects, *(f"/ {other}" for other in others)]
    rows = [
        [
            case,
            *(_spread(measure.median(case, subject), measure.figures[case][subject]) for subject in subjects),
            *(f"{measure.ratio(case, ours, other):.2f}" for other in others),
        ]
        for case in measure.figures
    ]
    return _table(measure.title, header, rows)


def _spread(median: float, figures: Sequence[float]) -> str:
    digits = 0 if median >= 1000 else 1 if median >= 10 else 2
    if len(figures) == 1:
        return f"{median:.{digits}f}"
    return f"{median:.{digits}f} ({min(figures):.{digits}f}-{max(figures):.{digits}f})"


def _table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    lines = [header, ["-" * width for width in widths], *rows]
    table = (f"| {' | '.join(map(str.ljust, line, widths))} |" for line in lines)
    return "\n".join((f"## {title}", "", *table, ""))

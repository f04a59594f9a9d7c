"""Content work and the cache of plans: speed, growth, memory, and the lag of the event loop."""

import re
from collections.abc import Iterable

from benchmarks import content_work
from benchmarks.contents import DOCUMENT, HOSTILE, LATIN_BY_CHARACTER, LATIN_BY_WORD, RICH, STYLED
from benchmarks.measure import Goal, Measure
from benchmarks.processes import run_on
from benchmarks.rounds import Run


def _cases(names: Iterable[str]) -> str:
    return rf"\d+ KB ({'|'.join(map(re.escape, names))})( / .*)?"


_HTML = tuple(name for name in RICH if name.startswith((DOCUMENT, STYLED)))
_LIBRARY_LIMITS = {LATIN_BY_WORD: 4, LATIN_BY_CHARACTER: 2, **dict.fromkeys(_HTML, 12)}
"""How many times a pass of the library the preparation may take."""

GOALS = (
    *(
        Goal("content", "CPU, {case}", limit, "library", paired=True, only=_cases([name]))
        for name, limit in _LIBRARY_LIMITS.items()
    ),
    Goal(
        "content_markdown",
        "CPU, {case} beyond its conversion / nh3.clean of its HTML",
        12,
        "nh3.clean of its HTML",
        "cmarkgfm",
    ),
    Goal(
        "content_growth",
        "CPU for twice the content / once, worst ({case})",
        2.3,
        "once",
        subject="twice",
        paired=True,
        over="worst",
    ),
    *(
        Goal(
            "content_memory",
            f"memory at the peak / {kind} content, worst ({{case}})",
            20,
            over="worst",
            only=_cases(names),
        )
        for kind, names in (("rich", RICH), ("hostile", HOSTILE))
    ),
    *(
        Goal("content_lag", "lag of the event loop during content work, {case}, ms", limit, only=case)
        for case, limit in (("p99", 10), ("maximum", 30))
    ),
    *(
        Goal(
            measure,
            f"CPU, {subject} / {other}, worst ({{case}})",
            limit,
            other,
            subject=subject,
            paired=True,
            over="worst",
        )
        for measure, subject, other, limit in (
            ("cache_hit", "in memory", "not in memory", 0.1),
            ("cache_packing", "pack", "prepare", 0.2),
        )
    ),
)


def content(run: Run) -> list[Measure]:
    scale, core = run.scale, run.cores.server
    size = scale.content_bytes[-1]
    run.report("content: speed")
    speed = run_on(core, content_work.speed, scale.content_bytes, scale.content_repeats)
    memory = Measure("content_memory", "Memory at the peak of content work", "times the content", compared=False)
    for name in {**RICH, **HOSTILE}:
        run.report(f"content: memory, {name}")
        peak_bytes = run_on(core, content_work.peak_bytes, name, size)  # memory that was used once is not returned
        memory.add(f"{size // 1000} KB {name}", "service", peak_bytes / size)
    run.report("content: event loop")
    title = f"Lag of the event loop while {content_work.LAG_REQUESTS} requests of {size // 1000} KB are prepared"
    lag = Measure("content_lag", title, "ms", compared=False)
    for lags in map(sorted, run_on(core, content_work.lags_ms, size, scale.content_lag_rounds)):
        lag.add("p99", "service", lags[len(lags) * 99 // 100])
        lag.add("maximum", "service", lags[-1])
    return [*speed, memory, lag]


def cache(run: Run) -> list[Measure]:
    run.report("cache")
    return run_on(run.cores.server, content_work.cache, run.scale.content_bytes, run.scale.content_repeats)

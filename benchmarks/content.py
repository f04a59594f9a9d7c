"""Content work without a server: its speed, how it grows, the memory it takes, and what the event loop feels of it."""

from collections.abc import Callable, Mapping

import msgspec

from benchmarks import content_lag, content_memory, content_speed
from benchmarks.contents import (
    DOCUMENT,
    HOSTILE,
    LATIN_BY_CHARACTER,
    LATIN_BY_WORD,
    RICH,
    STYLED,
)
from benchmarks.figures import Measure, Target
from benchmarks.machine import Cores
from benchmarks.scale import Scale
from benchmarks.worker import ask

_LIBRARY_TARGETS = {LATIN_BY_WORD: 4, LATIN_BY_CHARACTER: 2, DOCUMENT: 12, STYLED: 12}
"""By what the case begins with: how many times a library's pass it may take."""
_NH3_PASSES = 12
"""That Markdown may take beyond its conversion."""
_GROWTH_TARGET = 2.3
_MEMORY_TARGET = 20
_LAG_P99_TARGET_MS = 10
_LAG_TARGET_MS = 30


def content(scale: Scale, cores: Cores, say: Callable[[str], None]) -> list[Measure]:
    """All of it, on one core."""
    *_, size_bytes = scale.content_bytes
    say("contents: speed")
    speed_task = content_speed.Task(scale.content_bytes, scale.content_repeats)
    speed = msgspec.json.decode(ask("benchmarks.content_speed", speed_task, cores.server), type=list[Measure])
    memory = Measure("content_memory", "Memory at the peak of content work", "times the content", compared=False)
    for name in {**RICH, **HOSTILE}:
        say(f"contents: memory, {name}")
        peak_bytes = int(ask("benchmarks.content_memory", content_memory.Task(name, size_bytes), cores.server))
        memory.add(f"{size_bytes // 1000} KB {name}", "service", peak_bytes / size_bytes)
    say("contents: the event loop")
    title = f"How late the event loop is while {content_lag.REQUESTS} requests of {size_bytes // 1000} KB are prepared"
    lag = Measure("content_lag", title, "ms", compared=False)
    lag_task = content_lag.Task(size_bytes, scale.content_lag_rounds)
    rounds = msgspec.json.decode(ask("benchmarks.content_lag", lag_task, cores.server), type=list[list[float]])
    for lags in map(sorted, rounds):
        lag.add("99 % are below", "service", lags[len(lags) * 99 // 100])
        lag.add("longest", "service", lags[-1])
    return [*speed, memory, lag]


def content_targets(by_name: Mapping[str, Measure]) -> list[Target]:
    """What content work may cost, for the largest contents."""
    if "content" not in by_name:
        return []
    against, markdown, growth = (by_name[name] for name in ("content", "content_markdown", "content_growth"))
    memory, lag = by_name["content_memory"], by_name["content_lag"]
    largest = list(markdown.figures)[-1]
    size = largest.partition(" KB ")[0]
    found: list[Target] = []
    for case in against.figures:
        for name, limit in _LIBRARY_TARGETS.items():
            if case.startswith(f"{size} KB {name}"):
                found.append(
                    Target(case.replace(", ", " / "), against.ratio_in_turn(case, "service", "library"), limit)
                )
    convert, clean = (markdown.median(largest, subject) for subject in ("cmarkgfm", "nh3.clean of its HTML"))
    passes = (markdown.median(largest, "service") - convert) / clean
    found.append(Target(f"{largest} beyond its conversion / nh3.clean of its HTML", passes, _NH3_PASSES))
    grown = {case: growth.ratio_in_turn(case, *subjects) for case, subjects in growth.figures.items()}
    worst = max(grown, key=grown.__getitem__)
    found.append(Target(f"CPU for twice the content / once, at worst ({worst})", grown[worst], _GROWTH_TARGET))
    for kind, names in (("rich", RICH), ("hostile", HOSTILE)):
        taken = {name: memory.median(f"{size} KB {name}", "service") for name in names}
        worst = max(taken, key=taken.__getitem__)
        found.append(Target(f"memory at the peak / {kind} content, at worst ({worst})", taken[worst], _MEMORY_TARGET))
    for case, limit in (("99 % are below", _LAG_P99_TARGET_MS), ("longest", _LAG_TARGET_MS)):
        found.append(Target(f"event loop late during content work, {case}, ms", lag.median(case, "service"), limit))
    return found

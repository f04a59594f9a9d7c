"""The cache of plans without a server: what it saves, and what it costs to pack a plan for a store."""

from collections.abc import Callable, Mapping

import msgspec

from benchmarks import cache_speed
from benchmarks.figures import Measure, Target
from benchmarks.machine import Cores
from benchmarks.scale import Scale
from benchmarks.worker import ask

_HIT_TARGET = 0.1
_PACKING_TARGET = 0.2


def cache(scale: Scale, cores: Cores, say: Callable[[str], None]) -> list[Measure]:
    """All of it, on one core."""
    say("cache")
    task = cache_speed.Task(scale.content_bytes, scale.content_repeats)
    return msgspec.json.decode(ask("benchmarks.cache_speed", task, cores.server), type=list[Measure])


def cache_targets(by_name: Mapping[str, Measure]) -> list[Target]:
    """What a hit and packing may cost, at worst."""
    found: list[Target] = []
    for name, ours, other, limit in (
        ("cache_hit", "in memory", "not there", _HIT_TARGET),
        ("cache_packing", "packed", "prepare", _PACKING_TARGET),
    ):
        if measure := by_name.get(name):
            ratios = {case: measure.ratio_in_turn(case, ours, other) for case in measure.figures}
            worst = max(ratios, key=ratios.__getitem__)
            found.append(Target(f"CPU, {ours} / {other}, at worst ({worst})", ratios[worst], limit))
    return found

"""Numbers with units, in the notation of Grafana."""

import math
import time
from collections.abc import Sequence
from typing import Final

from grafana_foundation_sdk.models import units

_TIMES: Final = ((1e-6, "µs"), (1e-3, "ms"), (1, "s"), (60, "min"), (3600, "h"))
_BINARY: Final = ((1, "B"), (1024, "KiB"), (1024**2, "MiB"), (1024**3, "GiB"))
_DECIMAL: Final = ((1, ""), (1e3, "K"), (1e6, "M"))
_SUFFIXES: Final = {
    **dict.fromkeys((units.RequestsPerMinute, units.EventsPerMinute, units.CountsPerMinute), "/min"),
    **dict.fromkeys((units.RequestsPerSecond, units.MessagesPerSecond, units.BytesPerSecondIEC), "/s"),
}


def format_value(value: float, unit: str) -> str:
    """The value with its unit, in three digits. ``unit`` is one of ``grafana_foundation_sdk.models.units``."""
    if math.isnan(value):
        return "-"
    if unit == units.DateTimeFromNow:
        return f"{_scale(time.time() - value / 1000, _TIMES)} ago"
    if unit == units.PercentUnit:
        return f"{_round(100 * value)} %"
    if unit == units.Seconds:
        return _scale(value, _TIMES)
    steps = _BINARY if unit in {units.BytesIEC, units.BytesPerSecondIEC} else _DECIMAL
    return _scale(value, steps) + _SUFFIXES.get(unit, "")


def _scale(value: float, steps: Sequence[tuple[float, str]]) -> str:
    if value == 0:
        return "0"
    size, name = next((step for step in reversed(steps) if abs(value) >= step[0]), steps[0])
    return f"{_round(value / size)} {name}".rstrip()


def _round(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"  # noqa: PLR2004 - three digits

"""Numbers as Grafana would write them, by their unit."""

import math
import time
from collections.abc import Sequence
from typing import Final

from grafana_foundation_sdk.models import units

_TIMES: Final = ((1e-6, 1e6, "µs"), (1e-3, 1e3, "ms"), (1, 1, "s"), (60, 1 / 60, "min"), (3600, 1 / 3600, "h"))
_BINARY: Final = ((0, 1, "B"), (1024, 1 / 1024, "KiB"), (1024**2, 1 / 1024**2, "MiB"), (1024**3, 1 / 1024**3, "GiB"))
_DECIMAL: Final = ((0, 1, ""), (1e3, 1e-3, "K"), (1e6, 1e-6, "M"))
_SUFFIXES: Final = {
    units.RequestsPerMinute: "/min",
    units.EventsPerMinute: "/min",
    units.CountsPerMinute: "/min",
    units.RequestsPerSecond: "/s",
    units.MessagesPerSecond: "/s",
    units.BytesPerSecondIEC: "/s",
}


def written(value: float, unit: str) -> str:
    """The value with its unit, in three digits."""
    if math.isnan(value):
        return "-"
    if unit == units.DateTimeFromNow:
        return f"{_scaled(time.time() - value / 1000, _TIMES)} ago"
    if unit == units.PercentUnit:
        return f"{_digits(100 * value)} %"
    if unit == units.Seconds:
        return _scaled(value, _TIMES)
    scale = _BINARY if unit in {units.BytesIEC, units.BytesPerSecondIEC} else _DECIMAL
    return _scaled(value, scale) + _SUFFIXES.get(unit, "")


def _scaled(value: float, scale: Sequence[tuple[float, float, str]]) -> str:
    if value == 0:
        return "0"
    _, factor, name = next((one for one in reversed(scale) if abs(value) >= one[0]), scale[0])
    return f"{_digits(value * factor)} {name}".rstrip()


def _digits(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"  # noqa: PLR2004 - three digits

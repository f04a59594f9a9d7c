"""The legends of the previews: a table of values below a plot, with the colours and the texts of the dashboard."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes

from tools.observe.units import format_value

COLOURS: Final = {
    "green": "#4c9f45",
    "orange": "#ff9830",
    "red": "#e02f44",
    "blue": "#5794f2",
    "purple": "#b877d9",
    "yellow": "#fade2a",
    "super-light-blue": "#c0d8ff",
    "super-light-purple": "#deb6f2",
    "semi-dark-yellow": "#f2cc0c",
    "dark-blue": "#1f60c4",
    "dark-purple": "#8f3bb8",
    "light-yellow": "#ffee52",
    "light-blue": "#8ab8ff",
}
"""By their names in Grafana."""
ROWS: Final = 4
"""The most rows of a legend; the rest is counted."""

_SHADES: Final = ("#5794f2", "#8ab8ff", "#1f60c4", "#c0d8ff", "#3274d9")
_FAINT: Final = "#8e919c"
_ROW_PIXELS: Final = 15
_COLUMN_PIXELS: Final = 62

Json = dict[str, Any]
Numbers = np.ndarray[Any, np.dtype[np.float64]]

_CALCULATIONS: Final[Mapping[str, tuple[str, Callable[[Numbers], float]]]] = {
    "lastNotNull": ("Last", lambda values: float(values[-1])),
    "max": ("Max", lambda values: float(values.max())),
    "mean": ("Mean", lambda values: float(values.mean())),
}
"""The heading and the number for each calculation of Grafana that the dashboards use."""


def line_colours(panel: Json, names: Sequence[str]) -> list[str]:
    """The colour of each series: its own, or the next shade."""
    fixed = {
        override["matcher"]["options"]: item["value"]["fixedColor"]
        for override in panel["fieldConfig"]["overrides"]
        for item in override["properties"]
        if item["id"] == "color"
    }
    return [
        COLOURS.get(fixed[name], fixed[name]) if name in fixed else _SHADES[index % len(_SHADES)]
        for index, name in enumerate(_without_values(name, fixed) for name in names)
    ]


def _without_values(name: str, fixed: Mapping[str, str]) -> str:
    """The name of a limit as the dashboard selects it."""
    pattern = f"/^{name.partition(' ')[0]} /"
    return pattern if pattern in fixed else name


def mapped_text(value: float, defaults: Json) -> str:
    """A value with its unit, or the text that the dashboard has for it."""
    for mapping in defaults.get("mappings", []):
        if mapping["type"] == "range" and value <= mapping["options"]["to"]:
            return str(mapping["options"]["result"]["text"])
        if mapping["type"] == "value" and (result := mapping["options"].get(f"{value:.15g}")):
            return str(result["text"])
    return format_value(value, defaults["unit"])


def draw_legend(frame: Axes, panel: Json, lines: Sequence[tuple[str, Numbers, str]]) -> None:
    """The largest last values first. ``lines`` are name, values and colour."""
    width, height = frame.get_window_extent().size
    calculations = [_CALCULATIONS[name] for name in panel["options"]["legend"]["calcs"]]
    known = [(name, values[~np.isnan(values)], colour) for name, values, colour in lines]
    rows = sorted((one for one in known if len(one[1])), key=lambda one: -float(one[1][-1]))
    heading = "" if len(rows) <= ROWS else f"{len(rows)} series"
    shown = [(heading, [name for name, _ in calculations], _FAINT)]
    for name, values, colour in rows[:ROWS]:
        texts = [mapped_text(compute(values), panel["fieldConfig"]["defaults"]) for _, compute in calculations]
        shown.append((name, texts, colour))
    most = int((width - 40 - _COLUMN_PIXELS * len(calculations)) / 5.2)
    for row, (name, texts, colour) in enumerate(shown):
        bottom = (6 + _ROW_PIXELS * (len(shown) - 1 - row)) / height
        if row:
            frame.plot([12 / width, 22 / width], [bottom + 4 / height] * 2, color=colour, linewidth=2.5, clip_on=False)
        frame.text(28 / width, bottom, name if len(name) <= most else f"{name[: most - 1]}…", fontsize=7.5)
        for column, text in enumerate(texts):
            right = 1 - (10 + _COLUMN_PIXELS * (len(texts) - 1 - column)) / width
            frame.text(right, bottom, text, fontsize=7.5, ha="right", color=_FAINT if row == 0 else None)
    frame.set_xlim(0, 1)
    frame.set_ylim(0, 1)

"""Draw the dashboards: ``python -m tools.observe.picture --prometheus http://127.0.0.1:9090 FOLDER``.

Each panel has the position, queries, unit, thresholds and texts that it has in Grafana. A caption in the picture states
that it is a preview.
"""

import argparse
import json
import math
import time
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np
from grafana_foundation_sdk.models import units
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, MultipleLocator, NullFormatter
from PIL import Image

from dashboards.catalogue import BOARDS, FOLDER
from tools.observe.legend import COLOURS as _COLOURS
from tools.observe.legend import ROWS as _ROWS
from tools.observe.legend import draw_legend, line_colours, mapped_text
from tools.observe.prometheus import Exemplar, Series, Source, connect
from tools.observe.units import format_value

WIDTH: Final = 1600
_COLUMN: Final = WIDTH / 24
_LINE: Final = 38
"""Pixels of one unit of a panel's height, including the gap below, as in Grafana."""
_GAP: Final = 8
_ABOVE: Final = 10
"""In front of the parts of a frame."""
_HEAD: Final = 46
_FOOT: Final = 30
_FEW: Final = 3
"""With more series than this, only those that were above zero are drawn."""
_SMALLEST: Final = 1e-9
"""Fewer observations than this in a cell of a heatmap are a rounding error."""
_TICK_PIXELS: Final = 70
_TICK_MINUTES: Final = (1, 2, 5, 10, 15, 30, 60, 120, 360, 720)
_FILE_COLOURS: Final = 200
"""Indistinguishable from true colour here, at a third of the size."""
_CAPTION: Final = "A preview drawn with matplotlib from the query results of a real run: not a picture of Grafana."

_PANEL, _EDGE, _TEXT, _FAINT = "#181b1f", "#2a2e35", "#d5d6dd", "#8e919c"
_STYLE: Final = Path(__file__).with_name("dark.mplstyle")

Json = dict[str, Any]
Numbers = np.ndarray[Any, np.dtype[np.float64]]


def height_of(dashboard: Json) -> int:
    """The height of the picture in pixels."""
    lines: int = max(one["gridPos"]["y"] + one["gridPos"]["h"] for one in dashboard["panels"])
    return _HEAD + lines * _LINE + _FOOT


def draw(dashboard: Json, source: Source, path: Path) -> None:
    """Write the dashboard as a PNG. The file is replaced in one step."""
    with style.context(_STYLE):
        drawn = BytesIO()
        _Picture(dashboard, source).figure.savefig(drawn, format="png")
    unfinished = path.with_suffix(".unfinished")
    image = Image.open(drawn).convert("RGB").quantize(_FILE_COLOURS, dither=Image.Dither.NONE)
    image.save(unfinished, "png", optimize=True)
    unfinished.replace(path)


class _Picture:
    """One dashboard over the time range of the source. Every panel is a frame, with its plot inside."""

    def __init__(self, dashboard: Json, source: Source) -> None:
        self._source = source
        self._times: Numbers = np.array(source.times)
        height = height_of(dashboard)
        self.figure = Figure(figsize=(WIDTH / 100, height / 100))
        when = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(source.end))
        top = 1 - 27 / height
        self.figure.text(_GAP / WIDTH, top, dashboard["title"], fontsize=13, fontweight="bold")
        period = f"{source.seconds / 60:.0f} min until {when}"
        self.figure.text(1 - _GAP / WIDTH, top, period, color=_FAINT, ha="right")
        self.figure.text(0.5, 11 / height, _CAPTION, color=_FAINT, ha="center")
        self._marks = {
            (moment / 1000, _COLOURS[annotation["iconColor"]])
            for annotation in dashboard["annotations"]["list"]
            if annotation.get("useValueForTime")
            for series in source.query_range(annotation["expr"])
            for moment in series.values
            if not math.isnan(moment)
        }
        kinds = {
            "timeseries": self._draw_lines,
            "stat": self._draw_number,
            "heatmap": self._draw_heatmap,
            "state-timeline": self._draw_states,
            "table": self._draw_table,
        }
        for panel in dashboard["panels"]:
            at = panel["gridPos"]
            left, bottom = at["x"] * _COLUMN + _GAP / 2, height - _HEAD - (at["y"] + at["h"]) * _LINE + _GAP
            size = (at["w"] * _COLUMN - _GAP) / WIDTH, (at["h"] * _LINE - _GAP) / height
            frame = self.figure.add_axes((left / WIDTH, bottom / height, *size), xticks=[], yticks=[])
            if panel["type"] == "row":
                frame.set_title(f"⌄  {panel['title']}", fontsize=10.5)
                continue
            frame.set_facecolor(_PANEL)
            frame.spines[:].set_color(_EDGE)
            if panel["datasource"]["type"] != "prometheus":
                source = panel["datasource"]["type"].capitalize()
                frame.text(0.5, 0.45, f"From {source}, which this preview has not.", color=_FAINT, ha="center")
            elif not kinds[panel["type"]](panel, frame):
                no_value = panel["fieldConfig"]["defaults"].get("noValue", "No data")
                frame.text(0.5, 0.45, no_value, color=_FAINT, ha="center")
            frame.set_title(f"   {panel['title']}").set_zorder(_ABOVE)

    def _draw_lines(self, panel: Json, frame: Axes) -> bool:
        found = [
            (series.name(target["legendFormat"]), np.array(series.values))
            for target in panel["targets"]
            for series in self._source.query_range(target["expr"])
        ]
        if not found:
            return False
        if len(found) > _FEW:
            found = [one for one in found if np.nansum(one[1])] or found
        axes = self._plot(frame, below=28 + 15 * (1 + min(len(found), _ROWS)))
        stacked = panel["fieldConfig"]["defaults"]["custom"].get("stacking", {}).get("mode") == "normal"
        base: Numbers = np.zeros(len(self._times))
        colours = line_colours(panel, [name for name, _ in found])
        for (name, values), colour in zip(found, colours, strict=True):
            axes.plot(self._times, base + values, label=name, color=colour)
            alpha = 0.35 if stacked else 0.06
            axes.fill_between(self._times, base, base + values, color=colour, alpha=alpha, linewidth=0)
            base = base + stacked * np.nan_to_num(values)
        draw_legend(frame, panel, [(*one, colour) for one, colour in zip(found, colours, strict=True)])
        for mark in self._exemplars(panel):
            axes.plot(mark.time, mark.value, marker="D", color="#b877d9")
        _scale(axes, panel["fieldConfig"]["defaults"])
        return True

    def _draw_number(self, panel: Json, frame: Axes) -> bool:
        """The values of the queries beside each other, as parts of the frame."""
        drawn = False
        for index, target in enumerate(panel["targets"]):
            found = self._source.query(target["expr"])
            if not found or math.isnan(value := found[0].values[0]):
                continue
            drawn = True
            share = 1 / len(panel["targets"])
            part = frame.inset_axes((index * share, 0, share, 1), xticks=[], yticks=[])
            part.patch.set_alpha(1)
            self._draw_value(panel, target, value, part)
        return drawn

    def _draw_value(self, panel: Json, target: Json, value: float, part: Axes) -> None:
        defaults = panel["fieldConfig"]["defaults"]
        reached = [step for step in defaults["thresholds"]["steps"] if step["value"] is None or value >= step["value"]]
        coloured = panel["options"]["colorMode"] == "background"
        part.set_facecolor(_COLOURS[reached[-1]["color"]] if coloured else _PANEL)
        for series in self._source.query_range(target["expr"]):
            axes = part.inset_axes((0, 0, 1, 0.34))
            axes.fill_between(self._times, 0, series.values, color="white", alpha=0.15, linewidth=0)
            axes.plot(self._times, series.values, color="white", alpha=0.6, linewidth=0.9)
            axes.set_xlim(self._source.start, self._source.end)
            axes.set_ylim(0, max(1.1 * np.nanmax(series.values, initial=0), _SMALLEST))
            axes.axis("off")
        text = mapped_text(value, defaults)
        part.text(0.5, 0.45, text, fontsize=19, fontweight="bold", color="white", ha="center")
        part.text(0.5, 0.3, target["legendFormat"], color="white", ha="center")

    def _draw_heatmap(self, panel: Json, frame: Axes) -> bool:
        [target] = panel["targets"]
        by_edge = {float(one.labels["le"]): one.values for one in self._source.query_range(target["expr"])}
        if not by_edge:
            return False
        axes = self._plot(frame, below=26)
        edges = sorted(by_edge)
        cells = np.diff(np.nan_to_num(np.array([by_edge[edge] for edge in edges])), axis=0, prepend=0)
        cells[cells < _SMALLEST] = math.nan
        times = np.append(self._times, self._times[-1] + self._source.step)
        axes.pcolormesh(times, np.arange(len(edges) + 1), np.sqrt(cells), cmap="turbo")
        for mark in self._exemplars(panel):
            axes.plot(mark.time, np.searchsorted(edges, mark.value) + 0.5, marker="D", color="white", alpha=0.7)
        axes.set_ylim(0, len(edges))
        every = 1 + len(edges) // 9
        labels = [format_value(edge, panel["fieldConfig"]["defaults"]["unit"]) for edge in edges[:-1:every]]
        axes.set_yticks(np.arange(1, len(edges), every), labels)
        return True

    def _draw_states(self, panel: Json, frame: Axes) -> bool:
        [mapping] = panel["fieldConfig"]["defaults"]["mappings"]
        found = {
            one.name(target["legendFormat"]): one.values
            for target in panel["targets"]
            for one in self._source.query_range(target["expr"])
        }
        if not found:
            return False
        axes = self._plot(frame, below=26, left=160)
        names = sorted(found, reverse=True)
        for row, name in enumerate(names):
            for state, result in mapping["options"].items():
                times = self._times[np.array(found[name]) == float(state)]
                bars = [(at, self._source.step) for at in times]
                axes.broken_barh(bars, (row - 0.35, 0.7), color=_COLOURS[result["color"]], linewidth=0)
        axes.set_ylim(-0.7, max(len(names), 4) - 0.3)
        axes.set_yticks(range(len(names)), names)
        return True

    def _draw_table(self, panel: Json, frame: Axes) -> bool:
        columns = panel["transformations"][-1]["options"]
        labels = sorted(columns["indexByName"], key=columns["indexByName"].get)
        single = len(panel["targets"]) == 1
        found = [
            (series, "Value" if single else f"Value #{target['refId']}")
            for target in panel["targets"]
            for series in self._source.query(target["expr"])
        ]
        width, height = frame.get_window_extent().size
        headings = [columns["renameByName"][label] for label in labels]
        cells = [
            [(heading, _FAINT), *(_cell(panel, heading, label, *one) for one in found[: int((height - 50) // 18)])]
            for label, heading in zip(labels, headings, strict=True)
        ]
        longest = [max(len(text) for text, _ in column) for column in cells]
        spare = max(0.0, width - 30 - 6.2 * sum(longest)) / len(labels)
        left = 12.0
        for column, length in zip(cells if found else (), longest, strict=bool(found)):
            for row, (text, colour) in enumerate(column):
                weight = "normal" if row else "bold"
                frame.text(left / width, 1 - (42 + 19 * row) / height, text, color=colour, fontweight=weight)
            left += 6.2 * length + spare
        return bool(found)

    def _exemplars(self, panel: Json) -> Iterable[Exemplar]:
        """The slowest in each hundredth of the time range: all of them would cover the lines."""
        slowest: dict[int, Exemplar] = {}
        for target in panel["targets"]:
            for mark in self._source.query_exemplars(target["expr"]) if target["exemplar"] else ():
                part = int(100 * (mark.time - self._source.start) / self._source.seconds)
                slowest[part] = max(slowest.get(part, mark), mark, key=lambda one: one.value)
        return slowest.values()

    def _plot(self, frame: Axes, below: float, left: float = 58) -> Axes:
        """Axes with time ticks and annotations; ``below`` and ``left`` are pixels for numbers and the legend."""
        width, height = frame.get_window_extent().size
        inner = (left / width, below / height, 1 - (left + 14) / width, 1 - (32 + below) / height)
        axes = frame.inset_axes(inner)
        axes.set_xlim(self._source.start, self._source.end)
        most = (width - left) / _TICK_PIXELS
        minutes = next((one for one in _TICK_MINUTES if self._source.seconds / 60 / one < most), _TICK_MINUTES[-1])
        axes.xaxis.set_major_locator(MultipleLocator(60 * minutes))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda at, _: time.strftime("%H:%M", time.gmtime(at))))
        for moment, colour in self._marks:
            axes.axvline(moment, color=colour, linewidth=1, linestyle=(0, (2, 2)))
        return axes


def _scale(axes: Axes, defaults: Json) -> None:
    """Set the axis of values, and draw the thresholds as lines."""
    custom, unit = defaults["custom"], defaults["unit"]
    bottom, top = axes.get_ylim()
    if "thresholdsStyle" in custom:
        _, lowest, *higher = defaults["thresholds"]["steps"]
        for step in (lowest, *higher):
            axes.axhline(step["value"], color=_COLOURS[step["color"]], linewidth=1.2, linestyle=(0, (6, 4)))
        top = max(top, 1.1 * lowest["value"])
    if custom.get("scaleDistribution", {}).get("type") == "log":
        axes.set_yscale("log")
        axes.set_ylim(defaults.get("min") or 10.0 ** math.floor(math.log10(max(bottom, 1e-4))), 2 * top)
        axes.yaxis.set_major_locator(LogLocator(10))
        axes.yaxis.set_minor_formatter(NullFormatter())
    else:
        axes.set_ylim(defaults.get("min", 0), defaults.get("max", top) or 1)
        binary = unit in {units.BytesIEC, units.BytesPerSecondIEC}
        power = 2.0 ** round(math.log2(max(top, 1) / 4))
        axes.yaxis.set_major_locator(MultipleLocator(power) if binary else MaxNLocator(5))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: format_value(value, unit)))


def _cell(panel: Json, heading: str, label: str, series: Series, value_label: str) -> tuple[str, str]:
    """The text and the colour of a cell, by the overrides of its column."""
    overrides = panel["fieldConfig"]["overrides"]
    properties = {
        item["id"]: item["value"]
        for override in overrides
        for item in (override["properties"] if override["matcher"]["options"] == heading else ())
    }
    if label == value_label:
        return format_value(series.values[0], properties.get("unit", panel["fieldConfig"]["defaults"]["unit"])), _TEXT
    text = series.labels.get(label, "")
    if "mappings" in properties:
        result = properties["mappings"][0]["options"].get(text, {})
        return result.get("text", text), _COLOURS.get(result.get("color", "blue"), _TEXT)
    return text, _TEXT


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.observe.picture", description=__doc__)
    parser.add_argument("folder", type=Path, help="the folder to write the pictures to")
    parser.add_argument("--prometheus", required=True, metavar="URL")
    parser.add_argument("--minutes", type=float, default=30, help="the time range; 30 by default")
    options = parser.parse_args()
    options.folder.mkdir(exist_ok=True, parents=True)
    with connect(options.prometheus) as http:
        source = Source(http, 60 * options.minutes)
        for name in BOARDS:
            draw(json.loads((FOLDER / f"{name}.json").read_text()), source, options.folder / f"{name}.png")


if __name__ == "__main__":
    main()

"""Draw the dashboards from a Prometheus: ``python -m dashboards.picture --prometheus http://127.0.0.1:9090 FOLDER``.

Each panel stands where it stands in Grafana, with the same queries, units, thresholds and texts. It is a preview
nonetheless, and says so.
"""

import argparse
import json
import math
import time
from collections.abc import Iterable
from itertools import cycle
from pathlib import Path
from typing import Any, Final

import numpy as np
from grafana_foundation_sdk.models import units
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, MultipleLocator, NullFormatter

from dashboards.answers import Exemplar, Series, Source, prometheus
from dashboards.canvas import COLOURS, EDGE, FAINT, PALETTE, PANEL, TEXT, WIDTH, Box, Canvas
from dashboards.catalogue import FOLDER, MADE
from dashboards.values import written

_COLUMN: Final = WIDTH / 24
_LINE: Final = 38
"""Pixels of one unit of a panel's height, with the gap below it, as in Grafana."""
_GAP: Final = 8
_HEAD: Final = 46
_FOOT: Final = 30
_MANY: Final = 3
"""Where there are more series than this, a legend names only those that were ever above zero."""
_NONE: Final = 1e-9
"""So few observations in a cell of a heatmap are a rounding error."""

Json = dict[str, Any]
Numbers = np.ndarray[Any, np.dtype[np.float64]]


def height_of(dashboard: Json) -> int:
    """The pixels that its grid takes, with title and caption."""
    lines: int = max(one["gridPos"]["y"] + one["gridPos"]["h"] for one in dashboard["panels"])
    return _HEAD + lines * _LINE + _FOOT


class _Picture:
    """One dashboard."""

    def __init__(self, dashboard: Json, source: Source) -> None:
        self._source = source
        height = height_of(dashboard)
        self.canvas = Canvas(height, source.start, source.end)
        self.canvas.write(_GAP, 27, dashboard["title"], fontsize=13, fontweight="bold")
        when = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(source.end))
        self.canvas.write(WIDTH - _GAP, 27, f"the {source.seconds / 60:.0f} minutes to {when}", color=FAINT, ha="right")
        caption = "A preview drawn with matplotlib from the query results of a real run: not a picture of Grafana."
        self.canvas.write(WIDTH / 2, height - 11, caption, color=FAINT, ha="center")
        self._marks = [
            (moment / 1000, COLOURS[annotation["iconColor"]])
            for annotation in dashboard["annotations"]["list"]
            if annotation.get("useValueForTime")
            for series in source.over_time(annotation["expr"])
            for moment in set(series.values)
        ]
        for panel in dashboard["panels"]:
            self._draw(panel)

    def _draw(self, panel: Json) -> None:
        at = panel["gridPos"]
        left, top = at["x"] * _COLUMN + _GAP / 2, _HEAD + at["y"] * _LINE
        box = Box(left, top, at["w"] * _COLUMN - _GAP, at["h"] * _LINE - _GAP)
        if panel["type"] == "row":
            self.canvas.write(left + 2, top + 20, f"⌄  {panel['title']}", fontsize=10.5, fontweight="bold")
            return
        self.canvas.fill(box, PANEL, EDGE)
        kinds = {
            "timeseries": self._lines,
            "stat": self._number,
            "heatmap": self._heat,
            "state-timeline": self._states,
            "table": self._rows,
        }
        if not kinds[panel["type"]](panel, box):
            self.canvas.say(box, panel["fieldConfig"]["defaults"].get("noValue", "No data"))
        self.canvas.write(left + 10, top + 19, panel["title"], fontsize=9, fontweight="bold")

    def _lines(self, panel: Json, box: Box) -> bool:
        found = [
            (series.called(target["legendFormat"]), series)
            for target in panel["targets"]
            for series in self._source.over_time(target["expr"])
        ]
        axes = self._plot(box, 46) if found else None
        if axes is None:
            return False
        stacked = panel["fieldConfig"]["defaults"]["custom"].get("stacking", {}).get("mode") == "normal"
        base: Numbers = np.zeros(len(self._times()))
        colours, legend = cycle(PALETTE), {}
        sums = {name: np.nansum(self._values(series)) for name, series in found}
        for name, series in found:
            values = self._values(series)
            if len(found) > _MANY and not sums[name] and any(sums.values()):
                continue
            legend[name] = colour = next(colours)
            top = base + values
            axes.plot(self._times(), top, color=colour, linewidth=1.1)
            axes.fill_between(self._times(), base, top, color=colour, alpha=0.35 if stacked else 0.06, linewidth=0)
            if stacked:
                base = base + np.nan_to_num(values)
        for target in panel["targets"]:
            for mark in self._exemplars(target):
                axes.plot(mark.time, mark.value, marker="D", markersize=2.6, color="#b877d9", alpha=0.9)
        self._scale(axes, panel)
        self.canvas.legend(box, legend)
        return True

    def _scale(self, axes: Axes, panel: Json) -> None:
        """The axis of values, and the thresholds as lines."""
        defaults = panel["fieldConfig"]["defaults"]
        custom, unit = defaults["custom"], defaults["unit"]
        top = axes.get_ylim()[1]
        if "thresholdsStyle" in custom:
            steps = [step for step in defaults["thresholds"]["steps"] if step["value"] is not None]
            for step in steps:
                axes.axhline(step["value"], color=COLOURS[step["color"]], linewidth=1.2, linestyle=(0, (6, 4)))
            top = max(top, 1.1 * steps[0]["value"])
        if custom.get("scaleDistribution", {}).get("type") == "log":
            axes.set_yscale("log")
            axes.set_ylim(bottom=10.0 ** math.floor(math.log10(max(axes.get_ylim()[0], 1e-4))), top=2 * top)
            axes.yaxis.set_major_locator(LogLocator(10))
            axes.yaxis.set_minor_formatter(NullFormatter())
        else:
            axes.set_ylim(0, defaults.get("max", top) or 1)
            binary = unit in {units.BytesIEC, units.BytesPerSecondIEC}
            axes.yaxis.set_major_locator(
                MultipleLocator(2.0 ** round(math.log2(max(top, 1) / 4))) if binary else MaxNLocator(5)
            )
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: written(value, unit)))

    def _number(self, panel: Json, box: Box) -> bool:
        defaults = panel["fieldConfig"]["defaults"]
        [target] = panel["targets"]
        found = self._source.now(target["expr"])
        if not found or math.isnan(value := found[0].values[0]):
            return False
        reached = [step for step in defaults["thresholds"]["steps"] if step["value"] is None or value >= step["value"]]
        if panel["options"]["colorMode"] == "background":
            self.canvas.fill(box, COLOURS[reached[-1]["color"]])
        for series in self._source.over_time(target["expr"]):
            axes = self.canvas.plot(Box(box.left, box.top + 0.66 * box.height, box.width, 0.34 * box.height))
            values = self._values(series)
            axes.fill_between(self._times(), 0, values, color="white", alpha=0.15, linewidth=0)
            axes.plot(self._times(), values, color="white", alpha=0.6, linewidth=0.9)
            axes.set_ylim(0, max(1.1 * np.nanmax(values, initial=0), _NONE))
            axes.axis("off")
        self.canvas.say(box, written(value, defaults["unit"]), fontsize=19, fontweight="bold", color="white")
        return True

    def _heat(self, panel: Json, box: Box) -> bool:
        unit = panel["fieldConfig"]["defaults"]["unit"]
        [target] = panel["targets"]
        found = sorted(self._source.over_time(target["expr"]), key=lambda series: float(series.labels["le"]))
        if not found:
            return False
        axes = self._plot(box, 26)
        edges = [float(series.labels["le"]) for series in found]
        cells = np.diff(np.array([np.nan_to_num(self._values(series)) for series in found]), axis=0, prepend=0)
        cells[cells < _NONE] = math.nan
        times = np.append(self._times(), self._source.end + self._source.step)
        axes.pcolormesh(times, np.arange(len(edges) + 1), np.sqrt(cells), cmap="turbo")
        for mark in self._exemplars(target):
            row = np.searchsorted(edges, mark.value)
            axes.plot(mark.time, row + 0.5, marker="D", markersize=2.4, color="white", alpha=0.7)
        axes.set_ylim(0, len(edges))
        every = 1 + len(edges) // 9
        axes.set_yticks(np.arange(1, len(edges), every), [written(edge, unit) for edge in edges[:-1:every]])
        return True

    def _states(self, panel: Json, box: Box) -> bool:
        [target] = panel["targets"]
        [mapping] = panel["fieldConfig"]["defaults"]["mappings"]
        found = {one.called(target["legendFormat"]): one for one in self._source.over_time(target["expr"])}
        if not found:
            return False
        axes = self._plot(box, 26, left=150)
        for row, name in enumerate(names := sorted(found, reverse=True)):
            for at, value in zip(found[name].times, found[name].values, strict=True):
                colour = COLOURS[mapping["options"][f"{value:g}"]["color"]]
                axes.broken_barh([(at, self._source.step)], (row - 0.35, 0.7), color=colour, linewidth=0)
        axes.set_ylim(-0.7, max(len(names), 4) - 0.3)
        axes.set_yticks(range(len(names)), names)
        return True

    def _rows(self, panel: Json, box: Box) -> bool:
        [target] = panel["targets"]
        organised = panel["transformations"][-1]["options"]
        labels = sorted(organised["indexByName"], key=organised["indexByName"].get)
        found = self._source.now(target["expr"])
        width = (box.width - 20) / len(labels)
        for column, label in enumerate(labels if found else ()):
            left, heading = box.left + 12 + column * width, organised["renameByName"][label]
            self.canvas.write(left, box.top + 42, heading, fontweight="bold", color=FAINT)
            for row, series in enumerate(found[: int((box.height - 50) // 18)]):
                text, colour = _cell(panel, heading, label, series)
                self.canvas.write(left, box.top + 61 + 18 * row, text, color=colour)
        return bool(found)

    def _exemplars(self, target: Json) -> Iterable[Exemplar]:
        """The slowest in each hundredth of the time: all of them would hide what is behind."""
        slowest: dict[int, Exemplar] = {}
        for mark in self._source.exemplars(target["expr"]) if target["exemplar"] else ():
            part = int(100 * (mark.time - self._source.start) / self._source.seconds)
            slowest[part] = max(slowest.get(part, mark), mark, key=lambda one: one.value)
        return slowest.values()

    def _plot(self, box: Box, below: float, left: float = 58) -> Axes:
        """Axes in a panel with its annotations; room for title, numbers, and ``below`` for times and legend."""
        axes = self.canvas.plot(Box(box.left + left, box.top + 32, box.width - left - 14, box.height - 32 - below))
        for moment, colour in self._marks:
            axes.axvline(moment, color=colour, linewidth=1, linestyle=(0, (2, 2)))
        return axes

    def _times(self) -> Numbers:
        return np.round(np.arange(self._source.start, self._source.end + 1, self._source.step), 1)

    def _values(self, series: Series) -> Numbers:
        """At each of the times; where the series has no value, not a number."""
        known = dict(zip((round(at, 1) for at in series.times), series.values, strict=True))
        return np.array([known.get(at, math.nan) for at in self._times().tolist()])


def _cell(panel: Json, heading: str, label: str, series: Series) -> tuple[str, str]:
    """A cell's text, and its colour, as the column's value mappings say."""
    if label == "Value":
        return written(series.values[0], panel["fieldConfig"]["defaults"]["unit"]), TEXT
    text = series.labels.get(label, "")
    for override in panel["fieldConfig"]["overrides"]:
        for item in override["properties"] if override["matcher"]["options"] == heading else ():
            if item["id"] == "mappings":
                result = item["value"][0]["options"].get(text, {})
                text, colour = result.get("text", text), COLOURS.get(result.get("color", "blue"), TEXT)
                return text, colour
    return text, TEXT


def draw(dashboard: Json, source: Source, path: Path) -> None:
    """Write the dashboard as a PNG."""
    _Picture(dashboard, source).canvas.save(path)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m dashboards.picture", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("--prometheus", required=True, metavar="URL")
    parser.add_argument("--minutes", type=float, default=30, help="how much time they show")
    options = parser.parse_args()
    options.folder.mkdir(exist_ok=True, parents=True)
    with prometheus(options.prometheus) as http:
        source = Source(http, 60 * options.minutes)
        for name in MADE:
            draw(json.loads((FOLDER / f"{name}.json").read_text()), source, options.folder / f"{name}.png")


if __name__ == "__main__":
    main()

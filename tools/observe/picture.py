"""Draw the dashboards: ``python -m tools.observe.picture --prometheus http://127.0.0.1:9090 FOLDER``.

Each panel has the position, queries, unit, thresholds and texts that it has in Grafana. A caption in the picture states
that it is a preview.
"""

import argparse
import json
import math
import time
from collections.abc import Callable, Iterable
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np
from grafana_foundation_sdk.models import units
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, MultipleLocator, NullFormatter
from PIL import Image

from dashboards.catalogue import BOARDS, FOLDER
from tools.observe.canvas import COLOURS, EDGE, FAINT, PANEL, STYLE, TEXT, WIDTH, Box, Canvas
from tools.observe.prometheus import Exemplar, Series, Source, connect
from tools.observe.units import format_value

_COLUMN: Final = WIDTH / 24
_LINE: Final = 38
"""Pixels of one unit of a panel's height, including the gap below, as in Grafana."""
_GAP: Final = 8
_HEAD: Final = 46
_FOOT: Final = 30
_FEW: Final = 3
"""With more series than this, the legend contains only those that were above zero."""
_SMALLEST: Final = 1e-9
"""Fewer observations than this in a cell of a heatmap are a rounding error."""
_TICK_PIXELS: Final = 70
_TICK_MINUTES: Final = (1, 2, 5, 10, 15, 30, 60, 120, 360, 720)
_FILE_COLOURS: Final = 160
"""Indistinguishable from true colour here, at a third of the size."""

Json = dict[str, Any]
Numbers = np.ndarray[Any, np.dtype[np.float64]]


def height_of(dashboard: Json) -> int:
    """The height of the picture in pixels."""
    lines: int = max(one["gridPos"]["y"] + one["gridPos"]["h"] for one in dashboard["panels"])
    return _HEAD + lines * _LINE + _FOOT


def draw(dashboard: Json, source: Source, path: Path) -> None:
    """Write the dashboard as a PNG. The file is replaced in one step."""
    with rc_context(STYLE):
        drawn = BytesIO()
        _Picture(dashboard, source).figure.savefig(drawn, format="png")
    unfinished = path.with_suffix(".unfinished")
    image = Image.open(drawn).convert("RGB").quantize(_FILE_COLOURS, dither=Image.Dither.NONE)
    image.save(unfinished, "png", optimize=True)
    unfinished.replace(path)


class _Picture(Canvas):
    """One dashboard over the time range of the source."""

    def __init__(self, dashboard: Json, source: Source) -> None:
        height = height_of(dashboard)
        super().__init__(height, source.start, source.end)
        self._source = source
        self._times: Numbers = np.array(source.times)
        when = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(source.end))
        self.write(_GAP, 27, dashboard["title"], fontsize=13, fontweight="bold")
        self.write(WIDTH - _GAP, 27, f"the {source.seconds / 60:.0f} minutes to {when}", color=FAINT, ha="right")
        caption = "A preview drawn with matplotlib from the query results of a real run: not a picture of Grafana."
        self.write(WIDTH / 2, height - 11, caption, color=FAINT, ha="center")
        self._marks = {
            (moment / 1000, COLOURS[annotation["iconColor"]])
            for annotation in dashboard["annotations"]["list"]
            if annotation.get("useValueForTime")
            for series in source.query_range(annotation["expr"])
            for moment in series.values
            if not math.isnan(moment)
        }
        kinds: dict[str, Callable[[Json, Box], bool]] = {
            "timeseries": self._draw_lines,
            "stat": self._draw_number,
            "heatmap": self._draw_heatmap,
            "state-timeline": self._draw_states,
            "table": self._draw_table,
        }
        for panel in dashboard["panels"]:
            at = panel["gridPos"]
            left, top = at["x"] * _COLUMN + _GAP / 2, _HEAD + at["y"] * _LINE
            if panel["type"] == "row":
                self.write(left + 2, top + 20, f"⌄  {panel['title']}", fontsize=10.5, fontweight="bold")
                continue
            box = Box(left, top, at["w"] * _COLUMN - _GAP, at["h"] * _LINE - _GAP)
            self.fill(box, PANEL, EDGE)
            if not kinds[panel["type"]](panel, box):
                self.write_centred(box, panel["fieldConfig"]["defaults"].get("noValue", "No data"), color=FAINT)
            self.write(left + 10, top + 19, panel["title"], fontsize=9, fontweight="bold")

    def _draw_lines(self, panel: Json, box: Box) -> bool:
        found = [
            (series.name(target["legendFormat"]), np.array(series.values))
            for target in panel["targets"]
            for series in self._source.query_range(target["expr"])
        ]
        if not found:
            return False
        axes = self._plot(box, below=46)
        stacked = panel["fieldConfig"]["defaults"]["custom"].get("stacking", {}).get("mode") == "normal"
        if len(found) > _FEW:
            found = [one for one in found if np.nansum(one[1])] or found
        base: Numbers = np.zeros(len(self._times))
        for name, values in found:
            [line] = axes.plot(self._times, base + values, label=name)
            alpha = 0.35 if stacked else 0.06
            axes.fill_between(self._times, base, base + values, color=line.get_color(), alpha=alpha, linewidth=0)
            base = base + stacked * np.nan_to_num(values)
        self.legend(axes, box)
        for mark in self._exemplars(panel):
            axes.plot(mark.time, mark.value, marker="D", color="#b877d9")
        self._scale(axes, panel)
        return True

    def _scale(self, axes: Axes, panel: Json) -> None:
        """Set the axis of values, and draw the thresholds as lines."""
        defaults = panel["fieldConfig"]["defaults"]
        custom, unit = defaults["custom"], defaults["unit"]
        bottom, top = axes.get_ylim()
        if "thresholdsStyle" in custom:
            _, lowest, *higher = defaults["thresholds"]["steps"]
            for step in (lowest, *higher):
                axes.axhline(step["value"], color=COLOURS[step["color"]], linewidth=1.2, linestyle=(0, (6, 4)))
            top = max(top, 1.1 * lowest["value"])
        if custom.get("scaleDistribution", {}).get("type") == "log":
            axes.set_yscale("log")
            axes.set_ylim(10.0 ** math.floor(math.log10(max(bottom, 1e-4))), 2 * top)
            axes.yaxis.set_major_locator(LogLocator(10))
            axes.yaxis.set_minor_formatter(NullFormatter())
        else:
            axes.set_ylim(0, defaults.get("max", top) or 1)
            binary = unit in {units.BytesIEC, units.BytesPerSecondIEC}
            step = 2.0 ** round(math.log2(max(top, 1) / 4))
            axes.yaxis.set_major_locator(MultipleLocator(step) if binary else MaxNLocator(5))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: format_value(value, unit)))

    def _draw_number(self, panel: Json, box: Box) -> bool:
        defaults, [target] = panel["fieldConfig"]["defaults"], panel["targets"]
        found = self._source.query(target["expr"])
        if not found or math.isnan(value := found[0].values[0]):
            return False
        reached = [step for step in defaults["thresholds"]["steps"] if step["value"] is None or value >= step["value"]]
        if panel["options"]["colorMode"] == "background":
            self.fill(box, COLOURS[reached[-1]["color"]])
        for series in self._source.query_range(target["expr"]):
            axes = self.axes(Box(box.left, box.top + 0.66 * box.height, box.width, 0.34 * box.height))
            axes.fill_between(self._times, 0, series.values, color="white", alpha=0.15, linewidth=0)
            axes.plot(self._times, series.values, color="white", alpha=0.6, linewidth=0.9)
            axes.set_ylim(0, max(1.1 * np.nanmax(series.values, initial=0), _SMALLEST))
            axes.axis("off")
        text = format_value(value, defaults["unit"])
        self.write_centred(box, text, fontsize=19, fontweight="bold", color="white")
        return True

    def _draw_heatmap(self, panel: Json, box: Box) -> bool:
        [target] = panel["targets"]
        by_edge = {float(one.labels["le"]): one.values for one in self._source.query_range(target["expr"])}
        if not by_edge:
            return False
        axes = self._plot(box, below=26)
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

    def _draw_states(self, panel: Json, box: Box) -> bool:
        [target], [mapping] = panel["targets"], panel["fieldConfig"]["defaults"]["mappings"]
        found = {one.name(target["legendFormat"]): one.values for one in self._source.query_range(target["expr"])}
        if not found:
            return False
        axes = self._plot(box, below=26, left=150)
        names = sorted(found, reverse=True)
        for row, name in enumerate(names):
            for state, result in mapping["options"].items():
                bars = [
                    (at, self._source.step)
                    for at, value in zip(self._times, found[name], strict=True)
                    if value == float(state)
                ]
                axes.broken_barh(bars, (row - 0.35, 0.7), color=COLOURS[result["color"]], linewidth=0)
        axes.set_ylim(-0.7, max(len(names), 4) - 0.3)
        axes.set_yticks(range(len(names)), names)
        return True

    def _draw_table(self, panel: Json, box: Box) -> bool:
        [target], columns = panel["targets"], panel["transformations"][-1]["options"]
        labels = sorted(columns["indexByName"], key=columns["indexByName"].get)
        found = self._source.query(target["expr"])
        for column, label in enumerate(labels if found else ()):
            left, heading = box.left + 12 + column * (box.width - 20) / len(labels), columns["renameByName"][label]
            self.write(left, box.top + 42, heading, fontweight="bold", color=FAINT)
            for row, series in enumerate(found[: int((box.height - 50) // 18)]):
                text, colour = _cell(panel, heading, label, series)
                self.write(left, box.top + 61 + 18 * row, text, color=colour)
        return bool(found)

    def _exemplars(self, panel: Json) -> Iterable[Exemplar]:
        """The slowest in each hundredth of the time range: all of them would cover the lines."""
        slowest: dict[int, Exemplar] = {}
        for target in panel["targets"]:
            for mark in self._source.query_exemplars(target["expr"]) if target["exemplar"] else ():
                part = int(100 * (mark.time - self._source.start) / self._source.seconds)
                slowest[part] = max(slowest.get(part, mark), mark, key=lambda one: one.value)
        return slowest.values()

    def _plot(self, box: Box, below: float, left: float = 58) -> Axes:
        """Axes with time ticks and annotations; ``below`` and ``left`` are the room for numbers and the legend."""
        axes = self.axes(Box(box.left + left, box.top + 32, box.width - left - 14, box.height - 32 - below))
        most = (box.width - left) / _TICK_PIXELS
        minutes = next((one for one in _TICK_MINUTES if self._source.seconds / 60 / one < most), _TICK_MINUTES[-1])
        axes.xaxis.set_major_locator(MultipleLocator(60 * minutes))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda at, _: time.strftime("%H:%M", time.gmtime(at))))
        for moment, colour in self._marks:
            axes.axvline(moment, color=colour, linewidth=1, linestyle=(0, (2, 2)))
        return axes


def _cell(panel: Json, heading: str, label: str, series: Series) -> tuple[str, str]:
    """The text and the colour of a cell, by the value mappings of its column."""
    if label == "Value":
        return format_value(series.values[0], panel["fieldConfig"]["defaults"]["unit"]), TEXT
    text = series.labels.get(label, "")
    for override in panel["fieldConfig"]["overrides"]:
        for item in override["properties"] if override["matcher"]["options"] == heading else ():
            if item["id"] == "mappings":
                result = item["value"][0]["options"].get(text, {})
                return result.get("text", text), COLOURS.get(result.get("color", "blue"), TEXT)
    return text, TEXT


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

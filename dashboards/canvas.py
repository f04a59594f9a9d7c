"""A page to draw on, in pixels from its upper left corner, in the looks of a dark Grafana."""

import math
import time
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from msgspec import Struct
from PIL import Image

WIDTH: Final = 1600
PAGE: Final = "#111217"
PANEL: Final = "#181b1f"
EDGE: Final = "#2a2e35"
TEXT: Final = "#d5d6dd"
FAINT: Final = "#8e919c"
COLOURS: Final = {"green": "#4c9f45", "orange": "#ff9830", "red": "#e02f44", "blue": "#3d71d9"}
"""What Grafana's names of colours stand for."""
PALETTE: Final = (
    "#73bf69", "#f2cc0c", "#8ab8ff", "#ff780a", "#f2495c", "#5794f2", "#b877d9", "#19a5a2", "#c4162a", "#96d98d",
)  # fmt: skip

_DPI: Final = 100
_COLOURS_OF_A_FILE: Final = 160
"""As good as all of them to the eye, in a third of the bytes."""
_TICK_PIXELS: Final = 70
_TICK_MINUTES: Final = (1, 2, 5, 10, 15, 30, 60, 120, 360, 720)


class Box(Struct, frozen=True):
    """A rectangle in pixels."""

    left: float
    top: float
    width: float
    height: float


class Canvas:
    """A page of ``height`` pixels; its plots are over the time from ``start`` to ``end`` (seconds of the epoch)."""

    def __init__(self, height: float, start: float, end: float) -> None:
        self.figure = Figure(figsize=(WIDTH / _DPI, height / _DPI), dpi=_DPI, facecolor=PAGE)
        self._height = height
        self._start = start
        self._end = end

    def write(self, left: float, baseline: float, text: str, **style: Any) -> None:  # noqa: ANN401 - matplotlib's
        looks: dict[str, Any] = {"fontsize": 8, "color": TEXT, "parse_math": False} | style
        self.figure.text(left / WIDTH, 1 - baseline / self._height, text, **looks)

    def say(self, box: Box, text: str, **style: Any) -> None:  # noqa: ANN401 - matplotlib's
        """In the middle of the box."""
        middle = box.left + box.width / 2, box.top + box.height / 2 + 8
        self.write(*middle, text, **{"ha": "center", "color": FAINT, "fontsize": 9, **style})

    def fill(self, box: Box, colour: str, edge: str = "none") -> None:
        left, bottom, width, height = self._fractions(box)
        self.figure.add_artist(
            Rectangle((left, bottom), width, height, facecolor=colour, edgecolor=edge, linewidth=0.8, zorder=-1)
        )

    def plot(self, box: Box) -> Axes:
        """Axes over the time shown, that fill the box; their numbers stand outside."""
        axes = self.figure.add_axes(self._fractions(box))
        axes.set_facecolor("none")
        axes.set_xlim(self._start, self._end)
        axes.spines[:].set_visible(False)
        axes.tick_params(which="both", length=0, labelsize=7.5, colors=FAINT)
        axes.grid(visible=True, color=EDGE, linewidth=0.6)
        ticks = self._ticks(box.width / _TICK_PIXELS)
        axes.set_xticks(ticks, [time.strftime("%H:%M", time.gmtime(tick)) for tick in ticks])
        return axes

    def legend(self, box: Box, entries: dict[str, str]) -> None:
        """Names and their colours in one line at the foot of the box; those that have no room are counted."""
        left, baseline = box.left + 12, box.top + box.height - 9
        for index, (name, colour) in enumerate(entries.items()):
            width = 26 + 6.1 * len(name) + 1.4 * sum(map(str.isupper, name))
            if left + width > box.left + box.width - 24:
                self.write(left, baseline, f"+{len(entries) - index}", fontsize=7.5, color=FAINT)
                return
            horizontal = [left / WIDTH, (left + 10) / WIDTH]
            vertical = [1 - (baseline - 3) / self._height] * 2
            self.figure.add_artist(Line2D(horizontal, vertical, color=colour, linewidth=2.5))
            self.write(left + 14, baseline, name, fontsize=7.5)
            left += width

    def save(self, path: Path) -> None:
        """As a PNG. A reader of the file never sees half of it."""
        drawn = BytesIO()
        self.figure.savefig(drawn, format="png", facecolor=PAGE)
        unfinished = path.with_suffix(".unfinished")
        picture = Image.open(drawn).convert("RGB")
        picture.quantize(_COLOURS_OF_A_FILE, dither=Image.Dither.NONE).save(unfinished, "png", optimize=True)
        unfinished.replace(path)

    def _fractions(self, box: Box) -> tuple[float, float, float, float]:
        bottom = 1 - (box.top + box.height) / self._height
        return box.left / WIDTH, bottom, box.width / WIDTH, box.height / self._height

    def _ticks(self, most: float) -> list[float]:
        shown = (self._end - self._start) / 60
        minutes = next((one for one in _TICK_MINUTES if shown / one < most), _TICK_MINUTES[-1])
        first = math.ceil(self._start / 60 / minutes)
        return [60.0 * minutes * tick for tick in range(first, int(self._end / 60 / minutes) + 1)]

"""A page to draw on, in pixels from its upper left corner, in the style of a dark Grafana."""

from typing import Any, Final, NamedTuple

from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

WIDTH: Final = 1600
PANEL, EDGE, TEXT, FAINT = "#181b1f", "#2a2e35", "#d5d6dd", "#8e919c"
COLOURS: Final = {"green": "#4c9f45", "orange": "#ff9830", "red": "#e02f44", "blue": "#3d71d9"}
"""By the names that Grafana has for them."""
STYLE: Final[dict[Any, Any]] = {
    "figure.facecolor": "#111217",
    "figure.dpi": 100,
    "savefig.dpi": 100,
    "font.size": 8,
    "text.color": TEXT,
    "text.parse_math": False,
    "axes.facecolor": "none",
    "axes.edgecolor": "none",
    "axes.grid": True,
    "axes.prop_cycle": cycler(
        color=["#73bf69", "#f2cc0c", "#8ab8ff", "#ff780a", "#f2495c", "#5794f2", "#b877d9", "#19a5a2", "#c4162a"]
    ),
    "grid.color": EDGE,
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.1,
    "lines.markersize": 2.6,
    "legend.frameon": False,
    "legend.fontsize": 7.5,
    "legend.handlelength": 1,
    "legend.handletextpad": 0.4,
    "legend.columnspacing": 1.2,
    **{f"{axis}.{size}.size": 0 for axis in ("xtick", "ytick") for size in ("major", "minor")},
    **{f"{axis}.color": FAINT for axis in ("xtick", "ytick")},
    **{f"{axis}.labelsize": 7.5 for axis in ("xtick", "ytick")},
}


class Box(NamedTuple):
    """A rectangle in pixels from the upper left corner."""

    left: float
    top: float
    width: float
    height: float


class Canvas:
    """A page of ``height`` pixels; its plots are over the time from ``start`` to ``end`` (seconds of the epoch)."""

    def __init__(self, height: float, start: float, end: float) -> None:
        self.figure = Figure(figsize=(WIDTH / 100, height / 100))
        self._height = height
        self._start, self._end = start, end

    def axes(self, box: Box) -> Axes:
        axes = self.figure.add_axes(self._fractions(box))
        axes.set_xlim(self._start, self._end)
        return axes

    def legend(self, axes: Axes, box: Box) -> None:
        """One line at the foot of the box; the names that do not fit are counted."""
        lines = [line for line in axes.lines if not str(line.get_label()).startswith("_")]
        shown, room = list[Line2D](), box.width - 40
        for line in lines:
            room -= 27 + 5.9 * len(str(line.get_label()))
            if room < 0:
                shown.append(Line2D([], [], linestyle="none", label=f"+{len(lines) - len(shown)}"))
                break
            shown.append(line)
        left, bottom, *_ = self._fractions(box)
        legend = self.figure.legend(handles=shown, loc="lower left", bbox_to_anchor=(left, bottom), ncols=len(shown))
        for handle in legend.legend_handles:
            if isinstance(handle, Line2D):
                handle.set_linewidth(2.5)

    def fill(self, box: Box, colour: str, edge: str = "none") -> None:
        left, bottom, width, height = self._fractions(box)
        self.figure.add_artist(Rectangle((left, bottom), width, height, facecolor=colour, edgecolor=edge, zorder=-1))

    def write(self, left: float, baseline: float, text: str, **style: Any) -> None:  # noqa: ANN401 - of matplotlib
        self.figure.text(left / WIDTH, 1 - baseline / self._height, text, **style)

    def write_centred(self, box: Box, text: str, **style: Any) -> None:  # noqa: ANN401 - of matplotlib
        self.write(box.left + box.width / 2, box.top + box.height / 2 + 8, text, ha="center", **style)

    def _fractions(self, box: Box) -> tuple[float, float, float, float]:
        bottom = 1 - (box.top + box.height) / self._height
        return box.left / WIDTH, bottom, box.width / WIDTH, box.height / self._height

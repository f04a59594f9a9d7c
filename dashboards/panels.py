"""The types of panels. A unit is one of ``grafana_foundation_sdk.models.units``; a width is in 24ths of the screen."""

from collections.abc import Iterator, Sequence
from typing import Final, Protocol, Self, TypeVar

from grafana_foundation_sdk.builders import (
    common,
    dashboard,
    heatmap,
    prometheus,
    stat,
    statetimeline,
    table,
    timeseries,
)
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models import common as looks
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models.common import DataSourceRef
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode
from grafana_foundation_sdk.models.prometheus import PromQueryFormat
from grafana_foundation_sdk.models.units import Seconds
from msgspec import Struct

from dashboards.queries import Query
from dashboards.rules import ALERTS, Severity

DATASOURCE: Final = DataSourceRef(type_val="prometheus", uid="${datasource}")

GOOD: Final = "green"
WARN: Final = "orange"
BAD: Final = "red"
NOTE: Final = "blue"

Panel = Builder[model.Panel]


class Limit(Struct, frozen=True):
    """A threshold, and the alerts that fire beyond it."""

    value: float
    alerts: tuple[str, ...] = ()
    more: tuple[float, ...] = ()
    """Higher thresholds, if there are several."""

    @property
    def colour(self) -> str:
        """Red, unless all alerts are of severity info."""
        harmless = self.alerts and all(ALERTS[name].severity is Severity.INFO for name in self.alerts)
        return NOTE if harmless else BAD


class _Titled(Protocol):
    """The methods of all panel builders, for which the library has no common type."""

    def title(self, title: str) -> Self: ...
    def description(self, description: str) -> Self: ...
    def datasource(self, datasource: DataSourceRef) -> Self: ...
    def unit(self, unit: str) -> Self: ...
    def span(self, w: int) -> Self: ...
    def height(self, h: int) -> Self: ...
    def targets(self, targets: list[Builder[Dataquery]]) -> Self: ...
    def thresholds(self, thresholds: Builder[model.ThresholdsConfig]) -> Self: ...
    def links(self, links: list[Builder[model.DashboardLink]]) -> Self: ...


_Kind = TypeVar("_Kind", bound=_Titled)


class Frame(Struct, frozen=True):
    """What every panel has. The description states what it shows and what is normal."""

    title: str
    description: str
    unit: str
    width: int = 8
    height: int = 7


def lines(
    frame: Frame,
    *queries: Query,
    limit: Limit | None = None,
    stacked: bool = False,
    most: float | None = None,
    nothing: str | None = None,
) -> Panel:
    """Values over time. ``most`` is the maximum of the axis; by default it depends on values and limit.

    Times with a limit have a logarithmic axis, on which 5 ms is readable next to a limit of 500 ms.
    """
    panel = (
        _begin(timeseries.Panel(), frame, queries, limit)
        .line_width(1)
        .fill_opacity(35 if stacked else 8)
        .show_points(looks.VisibilityMode.NEVER)
        .tooltip(common.VizTooltipOptions().mode(looks.TooltipDisplayMode.MULTI).sort(looks.SortOrder.DESCENDING))
        .legend(_legend())
    )
    if stacked:
        panel.stacking(common.StackingConfig().mode(looks.StackingMode.NORMAL))
    if nothing is not None:
        panel.no_value(nothing)
    if most is not None:
        panel.max(most)
    if limit is not None:
        panel.thresholds_style(common.GraphThresholdsStyleConfig().mode(looks.GraphThresholdsStyleMode.DASHED))
        panel.axis_soft_max(1.1 * limit.value)
    if limit is not None and frame.unit == Seconds:
        panel.scale_distribution(common.ScaleDistributionConfig().type(looks.ScaleDistribution.LOG).log(10))
    else:
        panel.min(0)
    return panel


def number(
    frame: Frame,
    query: Query,
    limit: Limit | None = None,
    *,
    floor: float | None = None,
    nothing: str = "-",
) -> Panel:
    """The current value, coloured above its limit or below its floor. ``nothing`` is the text for no value."""
    colour = looks.BigValueColorMode
    panel = (
        _begin(stat.Panel(), frame, (query,), limit)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .color_mode(colour.NONE if limit is None and floor is None else colour.BACKGROUND)
        .graph_mode(looks.BigValueGraphMode.AREA)
        .no_value(nothing)
    )
    if floor is not None:
        panel.thresholds(_steps((None, BAD), (floor, GOOD)))
    return panel


def heat(frame: Frame, query: Query) -> Panel:
    """A histogram over time: the colour is the number of observations in a bucket."""
    return (
        _begin(heatmap.Panel(), frame, (query,), None, PromQueryFormat.HEATMAP)
        .y_axis(heatmap.YAxisConfig().unit(frame.unit))
        .cell_values(heatmap.CellValues().unit("ops"))
        .color(heatmap.HeatmapColorOptions().mode(HeatmapColorMode.SCHEME).scheme("Turbo").exponent(0.5).steps(64))
        .filter_values(heatmap.FilterValueRange().le(1e-9))
        .tooltip(
            heatmap.HeatmapTooltip().mode(looks.TooltipDisplayMode.SINGLE).y_histogram(True).show_color_scale(True)
        )
    )


def states(frame: Frame, query: Query, *meanings: tuple[int, str, str], nothing: str = "-") -> Panel:
    """A bar for each legend in the colours of its states: ``(value, text, colour)``."""
    results = {str(value): model.ValueMappingResult(text=text, color=colour) for value, text, colour in meanings}
    return (
        _begin(statetimeline.Panel(), frame, (query,), None)
        .mappings([model.ValueMap(options=results)])
        .no_value(nothing)
        .show_value(looks.VisibilityMode.NEVER)
        .row_height(0.8)
        .legend(_legend().show_legend(False))
    )


class Column(Struct, frozen=True):
    """A column of a table: a label of the series and its heading."""

    label: str
    """``Value`` is the value of the series; with several queries ``Value #A`` is that of the first."""
    heading: str
    unit: str = ""
    """Of these values, if it is not that of the panel."""
    colours: tuple[tuple[str, str], ...] = ()
    """Colours of values."""
    links: tuple[tuple[str, str], ...] = ()
    """The last part of the URL of each value."""
    base: str = ""
    """The first part of these URLs."""


def rows(frame: Frame, queries: Query | tuple[Query, ...], *columns: Column, nothing: str = "-") -> Panel:
    """A table with a row for each series at the end of the time range, of one query or of several."""
    order = {column.label: index for index, column in enumerate(columns)}
    asked = (queries,) if isinstance(queries, Query) else queries
    organised = {"indexByName": order, "renameByName": {column.label: column.heading for column in columns}}
    steps: list[tuple[str, dict[str, object]]] = [("merge", {})] if len(asked) > 1 else []
    steps += [("filterFieldsByName", {"include": {"names": list(order)}}), ("organize", organised)]
    panel = (
        _begin(table.Panel(), frame, (), None)
        .targets([target.instant() for target in _targets(asked, PromQueryFormat.TABLE)])
        .no_value(nothing)
        .transformations([model.DataTransformerConfig(id_val=name, options=options) for name, options in steps])
    )
    for column in columns:
        if properties := list(_properties(column)):
            panel.override_by_name(column.heading, properties)
    return panel


def _properties(column: Column) -> Iterator[model.DynamicConfigValue]:
    if column.unit:
        yield model.DynamicConfigValue(id_val="unit", value=column.unit)
    texts = dict(column.links)
    results = {value: model.ValueMappingResult(text=texts.get(value)) for value in texts}
    results |= {value: model.ValueMappingResult(color=colour) for value, colour in column.colours}
    if results:
        yield model.DynamicConfigValue(id_val="mappings", value=[model.ValueMap(options=results)])
    if column.colours:
        yield model.DynamicConfigValue(id_val="custom.cellOptions", value={"type": "color-text"})
    if column.base:
        link = {"title": "Open", "url": f"{column.base}/${{__value.text}}", "targetBlank": True}
        yield model.DynamicConfigValue(id_val="links", value=[link])


def _begin(
    panel: _Kind,
    frame: Frame,
    queries: Sequence[Query],
    limit: Limit | None,
    shape: PromQueryFormat = PromQueryFormat.TIME_SERIES,
) -> _Kind:
    panel.title(frame.title).description(frame.description).unit(frame.unit).span(frame.width).height(frame.height)
    panel.datasource(DATASOURCE)
    panel.targets([*_targets(queries, shape)])
    if limit is not None:
        beyond = [(value, limit.colour) for value in (limit.value, *limit.more)]
        panel.thresholds(_steps((None, GOOD), *beyond))
        panel.links(
            [
                dashboard.DashboardLink(f"Runbook: {name}")
                .type(model.DashboardLinkType.LINK)
                .url(ALERTS[name].runbook_url)
                .target_blank(True)
                for name in limit.alerts
            ]
        )
    return panel


def _targets(queries: Sequence[Query], shape: PromQueryFormat) -> list[prometheus.Dataquery]:
    return [_target(query, chr(ord("A") + index), shape) for index, query in enumerate(queries)]


def _target(query: Query, ref_id: str, shape: PromQueryFormat) -> prometheus.Dataquery:
    return (
        prometheus.Dataquery()
        .ref_id(ref_id)
        .datasource(DATASOURCE)
        .expr(query.expr)
        .legend_format("{{le}}" if shape is PromQueryFormat.HEATMAP else query.legend)
        .format(shape)
        .exemplar(query.exemplars)
        .range()
    )


def _steps(*steps: tuple[float | None, str]) -> dashboard.ThresholdsConfig:
    return (
        dashboard.ThresholdsConfig()
        .mode(model.ThresholdsMode.ABSOLUTE)
        .steps([model.Threshold(value=value, color=colour) for value, colour in steps])
    )


def _legend() -> common.VizLegendOptions:
    return (
        common.VizLegendOptions()
        .show_legend(True)
        .display_mode(looks.LegendDisplayMode.LIST)
        .placement(looks.LegendPlacement.BOTTOM)
    )

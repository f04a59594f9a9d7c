"""The types of panels. A unit is one of ``grafana_foundation_sdk.models.units``; a width is in 24ths of the screen.

A point of a panel links to the log lines of its time, and to traces where they explain it.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol, Self, TypeVar

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

from dashboards import explore
from dashboards.alerted import compared
from dashboards.colours import BAD, GOOD, LIMIT, LIMITS, SHADES, WARN, colours
from dashboards.explore import PROMETHEUS
from dashboards.limits import Floor, Limit, beyond
from dashboards.quantiles import lowest_boundary, mappings
from dashboards.queries import Query
from dashboards.rules import ALERTS

Panel = Builder[model.Panel]


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
    def data_links(self, links: list[Builder[model.DashboardLink]]) -> Self: ...
    def color_scheme(self, color: Builder[model.FieldColor]) -> Self: ...
    def override_by_regexp(self, regexp: str, properties: list[model.DynamicConfigValue]) -> Self: ...
    def override_by_name(self, name: str, properties: list[model.DynamicConfigValue]) -> Self: ...
    def mappings(self, mappings: list[model.ValueMapping]) -> Self: ...


_Kind = TypeVar("_Kind", bound=_Titled)


class Frame(Struct, frozen=True):
    """What every panel has. The description states what it shows and what is normal."""

    title: str
    description: str
    unit: str
    width: int = 8
    height: int = 8
    logs: tuple[str, ...] = ()
    """The log events that explain the panel; by default all warnings and errors."""
    traces: str = ""
    """TraceQL for the traces that explain the panel."""


def lines(
    frame: Frame,
    *queries: Query,
    limit: Limit | None = None,
    stacked: bool = False,
    most: float | None = None,
    nothing: str | None = None,
) -> timeseries.Panel:
    """Values over time. ``most`` is the maximum of the axis; by default it depends on values and limit.

    Times with a limit have a logarithmic axis, on which 5 ms is readable next to a limit of 500 ms. A quantile below
    the first or above the last boundary of its histogram is shown as what is known of it: below, or above.
    """
    lowest = lowest_boundary(queries)
    panel = (
        _begin(timeseries.Panel(), frame, queries, limit)
        .line_width(1)
        .fill_opacity(35 if stacked else 8)
        .show_points(looks.VisibilityMode.NEVER)
        .tooltip(common.VizTooltipOptions().mode(looks.TooltipDisplayMode.MULTI).sort(looks.SortOrder.DESCENDING))
        .legend(table_legend(mean=lowest is None))
        .mappings(mappings(queries, frame.unit))
    )
    _colour(panel, queries)
    if stacked:
        panel.stacking(common.StackingConfig().mode(looks.StackingMode.NORMAL))
    if nothing is not None:
        panel.no_value(nothing)
    if most is not None:
        panel.max(most)
    if limit is not None:
        panel.thresholds_style(common.GraphThresholdsStyleConfig().mode(looks.GraphThresholdsStyleMode.DASHED))
        panel.axis_soft_max(1.1 * limit.value)
    if frame.unit == Seconds and (limit is not None or lowest is not None):
        panel.scale_distribution(common.ScaleDistributionConfig().type(looks.ScaleDistribution.LOG).log(10))
    return panel.min(lowest if lowest is not None and frame.unit == Seconds else 0)


def alert_lines(frame: Frame, alert: str, legend: str, *others: Query, most: float | None = None) -> timeseries.Panel:
    """What an alert compares, over time, with its threshold as a line, and other values beside it."""
    return lines(frame, Query(compared(alert), legend), *others, limit=beyond(alert), most=most)


def number(
    frame: Frame,
    queries: Query | tuple[Query, ...],
    bound: Limit | Floor | None = None,
    *,
    nothing: str = "-",
) -> Panel:
    """The current values, coloured above their limit or below their floor. ``nothing`` is the text for no value."""
    asked = (queries,) if isinstance(queries, Query) else queries
    colour = looks.BigValueColorMode
    panel = (
        _begin(stat.Panel(), frame, asked, bound if isinstance(bound, Limit) else None)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .color_mode(colour.BACKGROUND if bound else colour.NONE)
        .graph_mode(looks.BigValueGraphMode.AREA)
        .mappings(mappings(asked, frame.unit))
        .no_value(nothing)
    )
    if isinstance(bound, Floor):
        panel.thresholds(_steps((None, BAD), (bound.bad, WARN), (bound.warning, GOOD)))
        panel.links([*_runbooks(bound.alerts)])
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


def states(
    frame: Frame,
    queries: Query | tuple[Query, ...],
    *meanings: tuple[int, str, str],
    nothing: str = "-",
    alerts: tuple[str, ...] = (),
) -> Panel:
    """A bar for each legend in the colours of its states: ``(value, text, colour)``, and the alerts on a state."""
    results = {str(value): model.ValueMappingResult(text=text, color=colour) for value, text, colour in meanings}
    return (
        _begin(statetimeline.Panel(), frame, (queries,) if isinstance(queries, Query) else queries, None)
        .links([*_runbooks(alerts)])
        .mappings([model.ValueMap(options=results)])
        .no_value(nothing)
        .show_value(looks.VisibilityMode.NEVER)
        .row_height(0.8)
        .legend(common.VizLegendOptions().show_legend(False))
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
    panel.datasource(PROMETHEUS)
    logs = explore.lines_of(*frame.logs) if frame.logs else explore.WARNINGS
    panel.data_links([*explore.links(logs, frame.traces)])
    panel.targets([*_targets(queries, shape)])
    if limit is not None:
        beyond = [(value, limit.colour(value)) for value in (limit.value, *limit.more)]
        panel.thresholds(_steps((None, GOOD), *beyond))
        panel.links([*_runbooks(limit.alerts)])
    return panel


def _runbooks(alerts: Sequence[str]) -> Iterator[dashboard.DashboardLink]:
    for name in alerts:
        link = dashboard.DashboardLink(f"Runbook: {name}").type(model.DashboardLinkType.LINK)
        yield link.url(ALERTS[name].runbook_url).target_blank(True)


def _targets(queries: Sequence[Query], shape: PromQueryFormat) -> list[prometheus.Dataquery]:
    return [_target(query, chr(ord("A") + index), shape) for index, query in enumerate(queries)]


def _target(query: Query, ref_id: str, shape: PromQueryFormat) -> prometheus.Dataquery:
    return (
        prometheus.Dataquery()
        .ref_id(ref_id)
        .datasource(PROMETHEUS)
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


def _colour(panel: timeseries.Panel, queries: Sequence[Query]) -> None:
    """Colours by meaning; what may have any name has shades of one colour."""
    panel.color_scheme(dashboard.FieldColor().mode(model.FieldColorModeId.SHADES).fixed_color(SHADES))
    for name, colour in colours(queries).items():
        panel.override_by_name(name, [_fixed(colour)])
    for word in sorted({query.legend.partition(" ")[0] for query in queries} & LIMITS):
        panel.override_by_regexp(f"/^{word} /", [_fixed(LIMIT)])


def _fixed(colour: str) -> model.DynamicConfigValue:
    fixed = {"mode": model.FieldColorModeId.FIXED.value, "fixedColor": colour}
    return model.DynamicConfigValue(id_val="color", value=fixed)


def table_legend(*, mean: bool) -> common.VizLegendOptions:
    """A table. The mean of quantiles has no meaning, so that it is left out there."""
    return (
        common.VizLegendOptions()
        .show_legend(True)
        .display_mode(looks.LegendDisplayMode.TABLE)
        .placement(looks.LegendPlacement.BOTTOM)
        .calcs(["lastNotNull", "max", *(["mean"] if mean else [])])
        .sort_by("Last *")
        .sort_desc(True)
    )

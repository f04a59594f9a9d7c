"""What a reader sees: colours with a meaning, values in legends, and no number that a histogram does not know."""

from itertools import product

import pytest

from dashboards.colours import BAD, GOOD, MEANINGS, WARN, colours
from dashboards.foreign import FOREIGN
from dashboards.quantiles import histograms
from dashboards.queries import Query, per_minute
from observability.registry.metrics import METRICS, REQUESTS
from tests.ops.alerts.promql import parse
from tests.ops.alerts.vocabulary import declared
from tests.ops.dashboards.boards import PANELS, Json, expressions

LINES = {name: panel for name, panel in PANELS.items() if panel["type"] == "timeseries"}
EACH_WITH_LINES = pytest.mark.parametrize("panel", LINES.values(), ids=LINES)
OPEN = {"job", "instance", "worker", "version"}
"""Labels with any value: of a target, of a process, of a deploy."""


def fixed_colours(panel: Json) -> dict[str, str]:
    """By name of a series."""
    return {
        override["matcher"]["options"]: item["value"]["fixedColor"]
        for override in panel["fieldConfig"]["overrides"]
        for item in override["properties"]
        if item["id"] == "color" and override["matcher"]["id"] == "byName"
    }


def names(target: Json) -> set[str]:
    """The names that a legend may make; empty if one of its labels may have any value."""
    labels = [part.partition("}}")[0] for part in target["legendFormat"].split("{{")[1:]]
    series = declared()
    metrics = parse(target["expr"].replace("$__rate_interval", "1m").replace("$__range", "1h")).metrics
    known = {label: values for name in metrics for label, values in series[name].labels.items() if values}
    if not set(labels) <= known.keys():
        assert set(labels) & OPEN, target["legendFormat"]
        return set()
    made = set()
    for values in product(*(known[label] for label in labels)):
        name = target["legendFormat"]
        for label, value in zip(labels, values, strict=True):
            name = name.replace(f"{{{{{label}}}}}", value)
        made.add(name)
    return made


@EACH_WITH_LINES
def test_every_series_with_a_known_name_has_its_own_colour(panel: Json) -> None:
    """Others have shades of one colour; Grafana's palette would make some series red by chance."""
    given = fixed_colours(panel)
    assert panel["fieldConfig"]["defaults"]["color"] == {"mode": "shades", "fixedColor": "blue"}
    assert given.keys() == set().union(*map(names, panel["targets"]))


def test_only_failures_of_the_service_are_red_and_only_successes_are_green() -> None:
    given = colours([Query(per_minute(REQUESTS, "outcome"), "{{outcome}}")])
    assert [name for name, colour in given.items() if colour == BAD] == ["error"]
    assert [name for name, colour in given.items() if colour == GOOD] == ["completed"]
    assert given["slow_client"] == WARN
    assert {given[name] for name in ("skipped", "cancelled", "rejected")}.isdisjoint({BAD, GOOD, WARN})
    assert len(set(given.values())) == len(given)


def test_a_colour_that_means_something_belongs_to_a_declared_value() -> None:
    labels = [one for metric in (*METRICS, *FOREIGN) for one in metric.labels.items()]
    assert MEANINGS.keys() <= {(label, value) for label, values in labels for value in values}


@EACH_WITH_LINES
def test_legend_is_a_table_of_values(panel: Json) -> None:
    legend = panel["options"]["legend"]
    quantiles = histograms(Query(target["expr"]) for target in panel["targets"])
    assert (legend["displayMode"], legend["showLegend"]) == ("table", True)
    assert legend["calcs"] == ["lastNotNull", "max", *([] if quantiles else ["mean"])], "quantiles have no mean"


@pytest.mark.parametrize("panel", PANELS.values(), ids=PANELS)
def test_no_quantile_is_invented(panel: Json) -> None:
    """Below the first boundary of a histogram and above its last, a quantile is not known."""
    found = histograms(Query(expression) for expression in expressions(panel)) if panel["type"] != "table" else []
    defaults = panel["fieldConfig"]["defaults"]
    if not found:
        assert not any(mapping["type"] == "range" for mapping in defaults.get("mappings", []))
        return
    [lowest] = {one.buckets[0] for one in found}
    below, above = defaults["mappings"]
    assert (below["type"], below["options"]["to"], below["options"]["result"]["text"][0]) == ("range", lowest, "≤")
    assert {float(value) for value in above["options"]} == {min(one.buckets[-1] for one in found)}
    assert [result["text"][0] for result in above["options"].values()] == [">"]
    if panel["type"] == "timeseries" and defaults["unit"] == "s":
        assert defaults["min"] == lowest

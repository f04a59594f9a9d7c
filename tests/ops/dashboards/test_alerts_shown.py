"""Each alert is shown by the panel that its runbook names: with the same expression, and its threshold as a line."""

import re

import pytest

from dashboards.alerted import comparisons, scoped
from dashboards.rules import ALERTS, Alert, Severity
from tests.ops.alerts.documents import RUNBOOKS
from tests.ops.alerts.promql import parse
from tests.ops.dashboards.boards import BOARDS, PANELS, Json, to_promql

SHOWN = [
    alert for alert in ALERTS.values() if alert.severity is not Severity.NONE and not alert.expr.startswith("absent")
]
"""The watchdog has no condition, and a job without targets has no series that a panel could show."""

_NAMED = re.compile(r"\*\*(\w+) / ([^*]+)\*\*")


def named_panels(alert: Alert) -> list[Json]:
    """The panels that the runbook of an alert names, and that link to this runbook."""
    text = " ".join((RUNBOOKS / alert.runbook).read_text().split())
    names = {f"{board.lower()}: {title}" for board, title in _NAMED.findall(text)}
    panels = [PANELS[name] for name in sorted(names & PANELS.keys())]
    return [one for one in panels if alert.runbook_url in {link["url"] for link in one.get("links", [])}]


def bounds(panel: Json) -> set[float]:
    """The values at which a panel changes its colour, or that it shows as a state."""
    defaults = panel["fieldConfig"]["defaults"]
    steps = {step["value"] for step in defaults.get("thresholds", {}).get("steps", []) if step["value"] is not None}
    mapped = [mapping for mapping in defaults.get("mappings", []) if mapping["type"] == "value"]
    return steps | {float(value) for mapping in mapped for value in mapping["options"]}


@pytest.mark.parametrize("alert", SHOWN, ids=lambda alert: alert.name)
def test_a_panel_that_the_runbook_names_plots_what_the_alert_compares(alert: Alert) -> None:
    panels = named_panels(alert)
    assert panels, "the runbook names no panel that links to it"
    plotted = {target["expr"] for panel in panels for target in panel["targets"]}
    for compared in comparisons(alert.name):
        assert compared.expr in plotted


@pytest.mark.parametrize(
    "alert", [alert for alert in SHOWN if alert.name != "ServiceDown"], ids=lambda alert: alert.name
)
def test_its_threshold_is_a_line_or_a_state_of_that_panel(alert: Alert) -> None:
    for compared in comparisons(alert.name):
        panels = [one for one in named_panels(alert) if compared.expr in {each["expr"] for each in one["targets"]}]
        assert any(compared.bound in bounds(panel) for panel in panels)


@pytest.mark.parametrize("alert", SHOWN, ids=lambda alert: alert.name)
def test_what_is_compared_is_part_of_the_rule(alert: Alert) -> None:
    """Without the matchers that restrict a panel to the chosen job and instances."""
    rule = {(one.metric, one.function, one.kept) for one in parse(alert.expr).selectors}
    for compared in comparisons(alert.name):
        assert compared.bound in {0, *parse(alert.expr).bounds}
        found = {(one.metric, one.function, one.kept) for one in parse(to_promql(compared.expr)).selectors}
        assert found <= rule


@pytest.mark.parametrize("alert", SHOWN, ids=lambda alert: alert.name)
def test_the_dashboard_of_an_alert_links_to_its_runbook(alert: Alert) -> None:
    [board] = [one for one in BOARDS.values() if f"/d/{one['uid']}?" in alert.annotations["dashboard_url"]]
    urls = {link["url"] for panel in board["panels"] for link in panel.get("links", [])}
    assert alert.runbook_url in urls


def test_an_expression_is_restricted_to_the_chosen_targets() -> None:
    assert scoped('sum by (job) (rate(stream_requests_total{outcome="error"}[5m])) * 60') == (
        'sum by (job) (rate(stream_requests_total{instance=~"$instance",job=~"$job",outcome="error"}[5m])) * 60'
    )
    assert scoped('up{job="streaming-content-api"}') == 'up{instance=~"$instance",job=~"$job"}'
    assert scoped("job:stream_chunks:p95_rate5m") == 'job:stream_chunks:p95_rate5m{instance=~"$instance|",job=~"$job"}'

"""The critical alerts of one fault are one page: the first one inhibits the others for as long as they fire."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from dashboards.rules import ALERTS, Severity
from observability.registry.metrics import CONNECTION_ATTEMPTS
from tests.ops.alerts.case import requests
from tests.ops.alerts.series import Series, counter
from tests.ops.alerts.test_rules import run, scenario

BEGIN = 120
"""The minute of the fault."""
END = 300
PAGED = 'ALERTS{alertstate="firing", severity="critical"}'


def refusals(per_minute: float, minutes: int, served: float) -> list[Series]:
    """Handshakes that find no capacity, beside requests that are served all the time."""
    stretches = (BEGIN, 0), (minutes, per_minute), (END - BEGIN - minutes, 0)
    return [
        *counter(CONNECTION_ATTEMPTS, *stretches, outcome="refused_capacity"),
        *requests(completed=((END, served),)),
    ]


def errors(percent: float, minutes: int) -> list[Series]:
    """100 requests a minute, of which some fail."""
    rest = END - BEGIN - minutes
    return requests(
        completed=((BEGIN, 100), (minutes, 100 - percent), (rest, 100)),
        error=((BEGIN, 0), (minutes, percent), (rest, 0)),
    )


FAULTS: Mapping[str, tuple[list[Series], str, set[str]]] = {
    "no capacity": (refusals(100, 20, served=20), "ConnectionFailures", {"AvailabilityBurnFast", "RequestsFailing"}),
    "no capacity, low traffic": (refusals(2, 15, served=0.2), "ConnectionFailures", {"RequestsFailing"}),
    "errors": (errors(20, 60), "HighErrorRate", {"AvailabilityBurnFast"}),
    "many errors": (errors(100, 60), "HighErrorRate", {"AvailabilityBurnFast", "RequestsFailing"}),
}
"""Each with the alert that pages, and those that it inhibits: ``test_routing`` has which may inhibit which."""


@pytest.mark.parametrize(("series", "paging", "inhibited"), FAULTS.values(), ids=FAULTS)
def test_one_alert_pages_and_lasts_as_long_as_the_others(
    series: list[Series], paging: str, inhibited: set[str], tmp_path: Path
) -> None:
    alone = f'{PAGED} unless on (job) ALERTS{{alertstate="firing", alertname="{paging}"}}'
    never = [{"expr": alone, "eval_time": f"{minute}m", "exp_samples": []} for minute in range(END)]
    fired = [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in (paging, *inhibited)]
    expr = f"count by (alertname) (max_over_time({PAGED}[{END}m]))"
    checks = [*never, {"expr": expr, "eval_time": f"{END}m", "exp_samples": fired}]
    critical = [alert for alert in ALERTS.values() if alert.severity is Severity.CRITICAL and alert.name != "NoTarget"]
    run(tmp_path, critical, [scenario("a fault", series, []) | {"promql_expr_test": checks}], step=1)

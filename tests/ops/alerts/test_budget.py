"""The share of the period of 30 days, by ``promtool test rules``: each event counts once, whenever it happened."""

import json
from pathlib import Path

import msgspec

from dashboards.rules import RECORDING_GROUPS
from observability.registry.metrics import REQUESTS, TIME_TO_FIRST_CHUNK
from service.events import Outcome
from service.protocol.messages import ContentType
from tests.ops.alerts.series import counter, histogram
from tests.ops.alerts.test_rules import promtool

BUSY, QUIET = 120, 240
"""Minutes with 1 failure in 101 requests and 1 late chunk in 101, and minutes with a tenth of the traffic and none."""
BUDGETS = {
    "job:stream_requests_failed:ratio_increase30d": 0.008,
    "job:stream_first_chunks_late:ratio_increase30d": 0.008,
}
"""120 of (120 * 101 + 240 * 10). The mean of the ratios of the windows would be 0.003."""


def test_the_share_of_the_period_counts_events_and_not_windows(tmp_path: Path) -> None:
    groups = [group for group in RECORDING_GROUPS if group.name in {"stream-objectives-5m", "stream-objectives-30d"}]
    rules = tmp_path / "rules.yml"
    rules.write_bytes(msgspec.json.encode({"groups": groups}))  # JSON is YAML
    text = str(ContentType.TEXT)
    series = [
        *counter(REQUESTS, (BUSY, 100), (QUIET, 10), content_type=text, outcome=str(Outcome.COMPLETED)),
        *counter(REQUESTS, (BUSY, 1), (QUIET, 0), content_type=text, outcome=str(Outcome.ERROR)),
        *counter(REQUESTS, (BUSY, 50), (QUIET, 50), content_type=text, outcome=str(Outcome.CANCELLED)),
        *histogram(TIME_TO_FIRST_CHUNK, (BUSY, {0.25: 100, 1: 1}), (QUIET, {0.25: 10}), content_type=text),
    ]
    checks = [
        {
            "expr": f"round({name}, 0.001)",
            "eval_time": f"{BUSY + QUIET - 5}m",
            "exp_samples": [{"labels": '{job="streaming-content-api"}', "value": value}],
        }
        for name, value in BUDGETS.items()
    ]
    content = {
        "rule_files": [str(rules)],
        "evaluation_interval": "1m",
        "group_eval_order": [group.name for group in groups],
        "tests": [{"interval": "1m", "input_series": series, "promql_expr_test": checks}],
    }
    file = tmp_path / "test.yml"
    file.write_text(json.dumps(content))
    promtool("test", "rules", file)

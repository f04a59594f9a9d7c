"""The shipped rules and the shipped Alertmanager configuration, with shorter durations for tests in real time."""

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import msgspec
import promql_parser

from dashboards.rules import ALERT_GROUPS, ALERTMANAGER, RECORDING_GROUPS, Alert, Recording, Severity

RECEIVERS: Final = {
    Severity.CRITICAL: "page",
    Severity.WARNING: "ticket",
    Severity.INFO: "ticket",
    Severity.NONE: "heartbeat",
}
WEBHOOK: Final = "http://localhost:9095"
"""The placeholder in ``alertmanager.yml``."""

_RANGE = re.compile(r"\[(\w+)\]")
_WAITS = re.compile(r'"(group_wait|group_interval|repeat_interval)": "(\w+)"')


def scaled(duration: str, scale: float) -> str:
    """A duration of Prometheus, multiplied: ``5m`` by a half is ``2m30s``."""
    if duration == "0s":
        return duration
    span = promql_parser.parse_duration(duration) * scale
    return promql_parser.display_duration(timedelta(milliseconds=round(span / timedelta(milliseconds=1))))


def scaled_rules(scale: float) -> list[dict[str, Any]]:
    """Both rule files with every range, every hold and every ``keep_firing_for`` multiplied. Names are unchanged."""
    files = (RECORDING_GROUPS, ALERT_GROUPS)
    return [
        {"groups": [{"name": group.name, "rules": [_scaled(rule, scale) for rule in group.rules]} for group in groups]}
        for groups in files
    ]


def _scaled(rule: Alert | Recording, scale: float) -> dict[str, Any]:
    scaled_rule: dict[str, Any] = msgspec.to_builtins(rule)
    scaled_rule["expr"] = _RANGE.sub(lambda found: f"[{scaled(found[1], scale)}]", rule.expr)
    if isinstance(rule, Alert):
        scaled_rule |= {"for": scaled(rule.hold, scale), "keep_firing_for": scaled(rule.keep, scale)}
    return scaled_rule


def alertmanager(webhook: str, scale: float = 1) -> Mapping[str, Any]:
    """Alertmanager's configuration with receivers at this address and every interval multiplied."""
    text = json.dumps(msgspec.yaml.decode(ALERTMANAGER.read_bytes())).replace(WEBHOOK, webhook)
    configuration: Mapping[str, Any] = json.loads(
        _WAITS.sub(lambda found: f'"{found[1]}": "{scaled(found[2], scale)}"', text)
    )
    return configuration

"""The shipped rules and the shipped Alertmanager configuration, with shorter durations for tests in real time."""

import json
import re
from collections.abc import Callable, Mapping
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

Rewrite = Callable[[str, float], str]
"""An expression with its durations multiplied."""

_DURATION = re.compile(r"(?<=\[)\w+|(?<=:)\w+(?=\])|(?<=offset )\w+")
"""Of a range, of the step of a subquery, of an offset."""
_COUNTING = re.compile(r"\b(rate|increase)\(")
_SECONDS = re.compile(r"\w+_seconds_total\b")
_WAITS = re.compile(r'"(group_wait|group_interval|repeat_interval)": "(\w+)"')


def scaled(duration: str, scale: float) -> str:
    """A duration of Prometheus, multiplied: ``5m`` by a half is ``2m30s``."""
    if duration == "0s":
        return duration
    span = promql_parser.parse_duration(duration) * scale
    return promql_parser.display_duration(timedelta(milliseconds=round(span / timedelta(milliseconds=1))))


def with_scaled_ranges(expression: str, scale: float) -> str:
    """The expression with every range multiplied. Its rates are per second, and so as many times larger."""
    return _DURATION.sub(lambda found: scaled(found[0], scale), expression)


def in_time_lapse(expression: str, scale: float) -> str:
    """The expression for a service on which everything happens ``1 / scale`` times as often as on a real one.

    Ranges are multiplied. The number of events in a range is then that of the real one, and a rate of events is
    multiplied to be so. What is a share of time (the rate of a counter of seconds) is unchanged; the seconds in a range
    are divided.
    """

    def factor(call: str) -> str:
        if _SECONDS.match(call.partition("(")[2]):
            return f"(1 / {scale:g} * {call})" if call.startswith("increase") else call
        return f"({scale:g} * {call})" if call.startswith("rate") else call

    text, done = with_scaled_ranges(expression, scale), ""
    while found := _COUNTING.search(text):
        end = _closing(text, found.end())
        done += text[: found.start()] + factor(text[found.start() : end])
        text = text[end:]
    return done + text


def _closing(text: str, position: int) -> int:
    """The position after the parenthesis that closes one before ``position``. No string here contains one."""
    depth = 1
    while depth:
        depth += {"(": 1, ")": -1}.get(text[position], 0)
        position += 1
    return position


def scaled_rules(scale: float, rewrite: Rewrite = with_scaled_ranges) -> list[dict[str, Any]]:
    """Both rule files with every hold and ``keep_firing_for`` multiplied, and every expression rewritten."""
    files = (RECORDING_GROUPS, ALERT_GROUPS)
    return [
        {
            "groups": [
                {"name": group.name, "rules": [_scaled(rule, scale, rewrite) for rule in group.rules]}
                for group in groups
            ]
        }
        for groups in files
    ]


def _scaled(rule: Alert | Recording, scale: float, rewrite: Rewrite) -> dict[str, Any]:
    scaled_rule: dict[str, Any] = msgspec.to_builtins(rule)
    scaled_rule["expr"] = rewrite(rule.expr, scale)
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

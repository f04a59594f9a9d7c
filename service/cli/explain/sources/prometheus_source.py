"""Prometheus: the series that the causes need, over the period, and the alerts."""

import re
from typing import Any

from service.cli.explain.causes.metric_names import COUNTERS_AND_GAUGES, HISTOGRAMS
from service.cli.explain.causes.wording import counted
from service.cli.explain.evidence import Alert, Period, Series
from service.cli.explain.evidence.log_lines import parse_time
from service.cli.explain.sources.gathering import Gathered, Unreachable, gather
from service.cli.explain.sources.http_source import Server

_POINTS = 120
"""Of each series: every 15 s in 30 minutes."""
_LONGEST_STEP = 60
"""Seconds. Of a longer period only the last part has points: 11,000 a series are the limit of Prometheus."""
_MAX_POINTS = 10_000
_JOB = re.compile(r'\bup\{job="([^"]+)"\}')


def read_prometheus(server: Server, period: Period, job: str) -> Gathered:
    """Everything that the causes need. ``job``: only series of this job, or of all jobs if it is empty."""

    def read(found: Gathered) -> str:
        step = min(max(period.seconds / _POINTS, 1), _LONGEST_STEP)
        start = max(period.start, period.end - step * _MAX_POINTS)
        of_job = f',job="{job}"' if job else ""
        for names in (COUNTERS_AND_GAUGES, *([name] for name in _histogram_series())):
            query = f'{{__name__=~"{"|".join(names)}"{of_job}}}'
            found.series += _range(server, query, start, period.end, step)
        found.series += _range(server, "up", start, period.end, step)
        found.alerts = _alerts(server)
        found.jobs = [job] if job else _jobs(server)
        return f"{counted(len(found.series), 'series', 'series')}, {counted(len(found.alerts), 'alert')}"

    return gather(f"Prometheus {server.name}", read, live=True)


def _histogram_series() -> list[str]:
    return [f"{name}_(?:bucket|count|sum)" for name in HISTOGRAMS]


def _range(server: Server, query: str, start: float, end: float, step: float) -> list[Series]:
    answer = server.get_json(
        "/api/v1/query_range", query=query, start=f"{start:.3f}", end=f"{end:.3f}", step=f"{step:.3f}"
    )
    return [_series(one) for one in _data(answer)["result"]]


def _series(one: dict[str, Any]) -> Series:
    labels = {name: value for name, value in one["metric"].items() if name != "__name__"}
    points = tuple((float(at), float(value)) for at, value in one["values"] if value != "NaN")
    return Series(one["metric"].get("__name__", ""), labels, points)


def _alerts(server: Server) -> list[Alert]:
    return [
        Alert(
            name=alert["labels"]["alertname"],
            labels=alert["labels"],
            annotations=alert.get("annotations", {}),
            since=parse_time(alert["activeAt"]) or 0.0,
            firing=alert["state"] == "firing",
        )
        for alert in _data(server.get_json("/api/v1/alerts"))["alerts"]
    ]


def _jobs(server: Server) -> list[str]:
    """The jobs whose ``up`` an alerting rule selects."""
    groups = _data(server.get_json("/api/v1/rules", type="alert"))["groups"]
    queries = [str(rule.get("query", "")) for group in groups for rule in group["rules"]]
    return sorted({job for query in queries for job in _JOB.findall(query)})


def _data(answer: object) -> dict[str, Any]:
    if not isinstance(answer, dict) or answer.get("status") != "success" or not isinstance(answer.get("data"), dict):
        raise Unreachable("the response is not that of Prometheus: is this the right address?")
    data: dict[str, Any] = answer["data"]
    return data

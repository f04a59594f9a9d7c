"""Queries of dashboards, sent to a Prometheus as Grafana would send them."""

import math
import re
import time
from typing import Any, Final

import httpx
from msgspec import Struct

SCRAPE_SECONDS: Final = 15
"""The scrape interval in the provisioned data source, from which Grafana computes ``$__rate_interval``."""

_TIMEOUT_SECONDS: Final = 30
_STEPS: Final = 240


class Series(Struct, frozen=True):
    labels: dict[str, str]
    values: list[float]
    """One for each of ``Source.times``, NaN where the series has no value; of an instant query, one value."""

    def name(self, legend: str) -> str:
        """The legend with the values of the labels that it names in double braces."""
        return re.sub(r"\{\{(\w+)\}\}", lambda found: self.labels.get(found[1], ""), legend) or ", ".join(
            self.labels.values()
        )


class Exemplar(Struct, frozen=True):
    trace_id: str
    time: float
    value: float


def connect(url: str) -> httpx.Client:
    """An HTTP client for the Prometheus at ``url``; the caller closes it."""
    return httpx.Client(base_url=url, trust_env=False, timeout=_TIMEOUT_SECONDS)


class Source:
    """A Prometheus and a time range: the last ``seconds`` before now."""

    def __init__(self, http: httpx.Client, seconds: float) -> None:
        self.end = time.time()
        self.seconds = seconds
        self.step = max(1, round(seconds / _STEPS))
        self.start = self.end - seconds
        self.times = [self.start + step for step in range(0, int(seconds) + 1, self.step)]
        self._http = http

    def query_range(self, expr: str) -> list[Series]:
        result = self._post("query_range", expr, start=self.start, end=self.end, step=self.step)["result"]
        return [Series(one["metric"], self._align(one["values"])) for one in result]

    def query(self, expr: str) -> list[Series]:
        """The values at the end of the range."""
        data = self._post("query", expr, time=self.end)
        if data["resultType"] == "scalar":
            return [Series({}, [float(data["result"][1])])]
        return [Series(one["metric"], [float(one["value"][1])]) for one in data["result"]]

    def query_exemplars(self, expr: str) -> list[Exemplar]:
        return [
            Exemplar(one["labels"].get("trace_id", ""), float(one["timestamp"]), float(one["value"]))
            for series in self._post("query_exemplars", expr, start=self.start, end=self.end)
            for one in series["exemplars"]
        ]

    def _align(self, points: list[tuple[float, str]]) -> list[float]:
        values = {round((float(at) - self.start) / self.step): float(value) for at, value in points}
        return [values.get(index, math.nan) for index in range(len(self.times))]

    def _post(self, endpoint: str, expr: str, **parameters: float) -> Any:  # noqa: ANN401 - several shapes
        """Replace Grafana's variables: all jobs and instances, and the intervals that Grafana would compute."""
        rate_interval = max(4 * SCRAPE_SECONDS, self.step + SCRAPE_SECONDS)
        variables = {
            "$__rate_interval": f"{rate_interval}s",
            "$__range": f"{round(self.seconds)}s",
            "$job": ".+",
            "$instance": ".+",
        }
        for name, value in variables.items():
            expr = expr.replace(name, value)
        response = self._http.post(f"/api/v1/{endpoint}", data={"query": expr, **parameters})
        if response.is_error:
            raise RuntimeError(f"{expr}: {response.text}")
        return response.json()["data"]

"""What a dashboard's queries give, asked of a Prometheus as Grafana would."""

import re
import time
from typing import Any, Final

import httpx
from msgspec import Struct

SCRAPE_SECONDS: Final = 15
"""The scrape interval that the provisioned data source states; ``$__rate_interval`` follows from it."""

_LABEL = re.compile(r"\{\{(\w+)\}\}")
_TIMEOUT_SECONDS: Final = 30
_STEPS: Final = 240


class Series(Struct, frozen=True):
    labels: dict[str, str]
    times: list[float]
    """Seconds of the epoch."""
    values: list[float]

    def called(self, legend: str) -> str:
        """The legend, with the values of its labels."""
        return _LABEL.sub(lambda found: self.labels.get(found[1], ""), legend) or ", ".join(self.labels.values())


class Exemplar(Struct, frozen=True):
    trace_id: str
    time: float
    value: float


def prometheus(url: str) -> httpx.Client:
    """A client of the Prometheus there, for sources; whoever takes it closes it."""
    return httpx.Client(base_url=url, trust_env=False, timeout=_TIMEOUT_SECONDS)


class Source:
    """A Prometheus, and the time that is looked at: the last ``seconds`` before now."""

    def __init__(self, http: httpx.Client, seconds: float) -> None:
        self.end = time.time()
        self.seconds = seconds
        self.step = max(1, round(seconds / _STEPS))
        self._http = http

    def filled(self, expr: str) -> str:
        """The expression with its variables: all jobs and instances, and the intervals that Grafana would take."""
        rate_interval = max(4 * SCRAPE_SECONDS, self.step + SCRAPE_SECONDS)
        return (
            expr.replace("$__rate_interval", f"{rate_interval}s")
            .replace("$__range", f"{round(self.seconds)}s")
            .replace("$job", ".+")
            .replace("$instance", ".+")
        )

    def over_time(self, expr: str) -> list[Series]:
        result = self._ask("query_range", query=self.filled(expr), start=self.start, end=self.end, step=self.step)
        return [_series(one["metric"], one["values"]) for one in result["result"]]

    def now(self, expr: str) -> list[Series]:
        """The value at the end, one point a series."""
        result = self._ask("query", query=self.filled(expr), time=self.end)
        if result["resultType"] == "scalar":
            return [_series({}, [result["result"]])]
        return [_series(one["metric"], [one["value"]]) for one in result["result"]]

    def exemplars(self, expr: str) -> list[Exemplar]:
        found = self._ask("query_exemplars", query=self.filled(expr), start=self.start, end=self.end)
        return [
            Exemplar(one["labels"].get("trace_id", ""), float(one["timestamp"]), float(one["value"]))
            for series in found
            for one in series["exemplars"]
        ]

    @property
    def start(self) -> float:
        return self.end - self.seconds

    def _ask(self, question: str, **parameters: str | float) -> Any:  # noqa: ANN401 - several shapes
        answer = self._http.post(f"/api/v1/{question}", data=parameters)
        if answer.is_error:
            raise RuntimeError(f"{parameters['query']}: {answer.text}")
        return answer.json()["data"]


def _series(labels: dict[str, str], points: list[tuple[float, str]]) -> Series:
    return Series(labels, [float(at) for at, _ in points], [float(value) for _, value in points])

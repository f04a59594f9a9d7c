"""A real Prometheus."""

import json
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from dashboards.rules import JOB
from tests.backends.child import Child
from tests.waiting import wait_for

SCRAPE_INTERVAL = "250ms"

Sample = dict[str, Any]
"""``metric``: the labels with ``__name__``; ``value``: a timestamp, and the number as text."""

Exemplar = dict[str, Any]
"""``seriesLabels`` of the series; ``labels``, ``value`` and ``timestamp`` of the exemplar."""


class Prometheus(Child):
    """Scrapes ``/metrics`` of the targets (``host:port``), with a bearer token if one is given, and stores exemplars.

    ``rules`` are the contents of rule files; alerts are sent to the Alertmanager at ``alertmanager`` (``host:port``).
    A series of a target that is no longer configured lasts for ``lookback_seconds``.
    The first scrape is about 5 s after the start, because Prometheus looks for new targets at that interval.
    """

    def __init__(
        self,
        folder: Path,
        *targets: str,
        token: str | None = None,
        rules: Sequence[Mapping[str, Any]] = (),
        alertmanager: str | None = None,
        interval: str = SCRAPE_INTERVAL,
        lookback_seconds: float = 300,
    ) -> None:
        job: dict[str, Any] = {"job_name": JOB, "static_configs": [{"targets": targets}]}
        if token is not None:
            job["authorization"] = {"credentials": token}
        managers = [] if alertmanager is None else [{"static_configs": [{"targets": [alertmanager]}]}]
        self._configuration = {
            "global": dict.fromkeys(("scrape_interval", "scrape_timeout", "evaluation_interval"), interval),
            "scrape_configs": [job],
            "alerting": {"alertmanagers": managers},
        }
        self._configure(folder, rules)
        super().__init__(
            [
                "prometheus",
                "--config.file=prometheus.yml",
                "--storage.tsdb.path=prometheus",
                "--web.listen-address=127.0.0.1:0",
                "--enable-feature=exemplar-storage",
                f"--query.lookback-delta={round(1000 * lookback_seconds)}ms",
                "--rules.alert.resend-delay=1s",  # alerts that fire before the Alertmanager is discovered are sent soon
            ],
            folder,
        )
        try:
            wait_for(lambda: self.http.get("/-/ready").is_success, "Prometheus is ready")
        except BaseException:
            self.stop()
            raise

    def load_rules(self, *rules: Mapping[str, Any]) -> None:
        """Replace the rules by the contents of these rule files."""
        self._configure(self._folder, rules)
        self._process.send_signal(signal.SIGHUP)
        wait_for(lambda: self.http.get("/api/v1/rules").json()["data"]["groups"], "the rules are loaded")

    def rename_job(self, name: str) -> None:
        """Scrape the targets under another job name."""
        file = self._folder / "prometheus.yml"
        configuration = json.loads(file.read_text())
        configuration["scrape_configs"][0]["job_name"] = name
        file.write_text(json.dumps(configuration))
        self._process.send_signal(signal.SIGHUP)
        self.wait_for(f'up{{job="{name}"}}')

    def query(self, expression: str, at: float | None = None) -> list[Sample]:
        """Evaluate the expression at ``at`` (``time.time``), or now: one sample for each series."""
        when = {} if at is None else {"time": at}
        return list(self._ask("query", query=expression, **when)["result"])

    def wait_for(
        self,
        expression: str,
        holds: Callable[[list[Sample]], bool] = bool,
    ) -> list[Sample]:
        """Return the value of the expression when it has one and ``holds`` is true of it."""

        def found() -> list[Sample]:
            samples = self.query(expression)
            return samples if samples and holds(samples) else []

        return wait_for(found, expression)

    def wait_until_up(self, target: str) -> None:
        """Return when the target was scraped."""
        self.wait_for(f'up{{instance="{target}"}} == 1')

    def exemplars(self, expression: str) -> list[Exemplar]:
        """The exemplars of the last minute for all series in the expression."""
        now = time.time()
        return [
            {"seriesLabels": series["seriesLabels"], **exemplar}
            for series in self._ask("query_exemplars", query=expression, start=now - 60, end=now + 60)
            for exemplar in series["exemplars"]
        ]

    def _configure(self, folder: Path, rules: Sequence[Mapping[str, Any]]) -> None:
        files = {f"rules-{number}.yml": content for number, content in enumerate(rules)}
        for name, content in {**files, "prometheus.yml": self._configuration | {"rule_files": list(files)}}.items():
            (folder / name).write_text(json.dumps(content))  # JSON is valid YAML

    def _ask(self, question: str, **parameters: object) -> Any:  # noqa: ANN401 - the API returns several types
        answer = self.http.post(f"/api/v1/{question}", data=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

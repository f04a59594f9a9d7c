"""A real Alertmanager."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.backends.child import Child
from tests.waiting import wait_for

Labels = dict[str, str]


class Alertmanager(Child):
    """An Alertmanager with the given configuration and without cluster peers."""

    def __init__(self, folder: Path, configuration: Mapping[str, Any]) -> None:
        (folder / "alertmanager.yml").write_text(json.dumps(configuration))  # JSON is valid YAML
        super().__init__(
            [
                "prometheus-alertmanager",
                "--config.file=alertmanager.yml",
                "--storage.path=alertmanager",
                "--web.listen-address=127.0.0.1:0",
                "--cluster.listen-address=",
            ],
            folder,
        )
        try:
            wait_for(lambda: self.http.get("/-/ready").is_success, "Alertmanager is ready")
        except BaseException:
            self.stop()
            raise

    def fire(self, *alerts: Labels) -> None:
        """Post firing alerts with these labels."""
        self.http.post("/api/v2/alerts", json=[{"labels": labels} for labels in alerts]).raise_for_status()

    def states(self, *matchers: str) -> list[tuple[Labels, str]]:
        """The labels and the state (``active`` or ``suppressed``) of each firing alert that matches."""
        answer = self.http.get("/api/v2/alerts", params={"filter": matchers}).raise_for_status()
        return [(alert["labels"], alert["status"]["state"]) for alert in answer.json()]

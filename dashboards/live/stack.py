"""The service, Prometheus with the shipped rules, and Alertmanager, each on a free port of the loopback address."""

import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Self

import psutil
import yaml
from msgspec import Struct

from dashboards.live.server import Server
from dashboards.rules import ALERTMANAGER, JOB, RULES

_PROJECT: Final = Path(__file__).parents[2]
_LIMITS: Final = {"MAX_CONNECTIONS": "60", "MAX_REQUESTS_PER_SESSION": "20", "MAX_SESSION_DURATION": "600"}
"""Such as a demo load meets now and then."""
_WEBHOOK: Final = "http://localhost:9095"
"""The address of the receivers in ``alertmanager.yml``."""


class Stack(Struct, frozen=True):
    """Three servers that know one another. ``with Stack.start(...)`` ends them."""

    service: Server
    prometheus: Server
    alertmanager: Server
    endings: ExitStack

    @classmethod
    def start(
        cls,
        folder: Path,
        *,
        settings: Mapping[str, str] | None = None,
        webhook: str = _WEBHOOK,
        scrape_interval: str = "1s",
    ) -> Self:
        """Return when all three serve. Their files and logs are in ``folder``.

        Raises ``MissingServer`` for one that is not installed, ``FailedServer`` for one that ends.
        """
        with ExitStack() as endings:
            service = endings.enter_context(_service(folder, settings or {}))
            manager = endings.enter_context(_alertmanager(folder, webhook))
            prometheus = endings.enter_context(_prometheus(folder, service, manager, scrape_interval))
            return cls(service, prometheus, manager, endings.pop_all())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.endings.close()


def _service(folder: Path, settings: Mapping[str, str]) -> Server:
    environment = {"PYTHONPATH": str(_PROJECT), "HOST": "127.0.0.1", "PORT": "0", "LOG_FORMAT": "json"}
    memory = psutil.virtual_memory().total  # what the service is measured by may hold all of this machine's work
    settings = {**_LIMITS, "MEMORY_LIMIT": str(memory), **settings}
    return Server("service", [sys.executable, "-m", "service", "serve"], folder, {**environment, **settings})


def _alertmanager(folder: Path, webhook: str) -> Server:
    (folder / "alertmanager.yml").write_text(ALERTMANAGER.read_text().replace(_WEBHOOK, webhook))
    command = [
        "prometheus-alertmanager",
        "--config.file=alertmanager.yml",
        "--storage.path=alertmanager",
        "--web.listen-address=127.0.0.1:0",
        "--cluster.listen-address=",  # alone
    ]
    return Server("alertmanager", command, folder)


def _prometheus(folder: Path, service: Server, manager: Server, interval: str) -> Server:
    configuration = {
        "global": {"scrape_interval": interval, "scrape_timeout": interval, "evaluation_interval": interval},
        "rule_files": [str(RULES / "*.yml")],
        "scrape_configs": [{"job_name": JOB, "static_configs": [{"targets": [service.address]}]}],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [manager.address]}]}]},
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(configuration))
    command = [
        "prometheus",
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=prometheus",
        "--web.listen-address=127.0.0.1:0",
        "--enable-feature=exemplar-storage",
        "--rules.alert.resend-delay=5s",  # the first is sent before it has looked for Alertmanager
    ]
    return Server("prometheus", command, folder)

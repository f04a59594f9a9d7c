"""The service, Alertmanager, and Prometheus with the shipped rules, each on a free port of the loopback address."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Self

import psutil
import yaml

from benchmarks.processes import SERVICE, Program, Server, serve
from dashboards.rules import ALERTMANAGER, JOB, RULES
from tools.observe.live_load import PUBLISH_TOKEN

_SETTINGS: Final = {
    "CLIENT_REPORTS": "on",
    "LOG_FORMAT": "json",
    "LOG_LEVEL": "INFO",
    "MAX_CONNECTIONS": "60",  # the demo load reaches these limits now and then
    "MAX_REQUESTS_PER_SESSION": "20",
    "MAX_SESSION_DURATION": "600",
    "PUBLISH_TOKEN": PUBLISH_TOKEN,
    "MEMORY_LIMIT": str(psutil.virtual_memory().total),  # the cgroup may contain other processes
}
_WEBHOOK: Final = "http://localhost:9095"
"""The address of the receivers in ``alertmanager.yml``."""


class Stack:
    """Three servers: ``with`` starts them one after the other, and stops them. Raises ``Failed``.

    ``folder`` is for their configuration and data, ``others`` are further instances to scrape, and ``metrics_token`` is
    what those ask for. ``on_start`` is called with the name and the address of each server that is ready.
    """

    def __init__(  # noqa: PLR0913 - independent options
        self,
        folder: Path,
        *,
        settings: Mapping[str, str] | None = None,
        webhook: str = _WEBHOOK,
        scrape_interval: str = "1s",
        others: Sequence[str] = (),
        metrics_token: str = "",
        on_start: Callable[[str, str], None] | None = None,
    ) -> None:
        self.servers: dict[str, Server] = {}
        """Those that are started so far: ``service``, ``alertmanager``, ``prometheus``."""
        self._exits = ExitStack()
        self._folder = folder
        self._interval = scrape_interval
        self._others = others
        self._metrics_token = metrics_token
        self._on_start = on_start
        self._service = Program("service", SERVICE.command, SERVICE.ready_path, {**_SETTINGS, **(settings or {})})
        (folder / "alertmanager.yml").write_text(ALERTMANAGER.read_text().replace(_WEBHOOK, webhook))

    def __enter__(self) -> Self:
        with self._exits:
            service = self._start(self._service)
            alertmanager = self._start(
                self._debian(
                    "alertmanager",
                    "prometheus-alertmanager",
                    f"--storage.path={self._folder}/alertmanager",
                    "--cluster.listen-address=",  # a single instance
                )
            )
            configuration = {
                "global": dict.fromkeys(("scrape_interval", "scrape_timeout", "evaluation_interval"), self._interval),
                "rule_files": [str(RULES / "*.yml")],
                "scrape_configs": [
                    {
                        "job_name": JOB,
                        "static_configs": [{"targets": [service.address, *self._others]}],
                        **({"authorization": {"credentials": self._metrics_token}} if self._metrics_token else {}),
                    }
                ],
                "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager.address]}]}]},
            }
            (self._folder / "prometheus.yml").write_text(yaml.safe_dump(configuration))
            self._start(
                self._debian(
                    "prometheus",
                    "prometheus",
                    f"--storage.tsdb.path={self._folder}/prometheus",
                    "--enable-feature=exemplar-storage",
                    "--rules.alert.resend-delay=5s",  # the first attempt precedes the discovery of Alertmanager
                )
            )
            self._exits = self._exits.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._exits.close()

    def _debian(self, name: str, command: str, *options: str) -> Program:
        files = f"--config.file={self._folder}/{name}.yml", "--web.listen-address=127.0.0.1:{port}"
        return Program(name, (command, *files, *options), "/-/ready")

    def _start(self, program: Program) -> Server:
        server = self._exits.enter_context(serve(program))
        self.servers[program.name] = server
        if self._on_start is not None:
            self._on_start(program.name, server.url)
        return server

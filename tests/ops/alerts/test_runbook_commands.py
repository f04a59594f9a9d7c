"""Every shell command of the runbooks, run as an operator would run it, on a running service with its dependencies."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from msgspec import Struct

from dashboards.rules import FOLDER
from tests.backends.alertmanager import Alertmanager
from tests.backends.postgres import Postgres
from tests.backends.prometheus import Prometheus
from tests.backends.redis import Redis
from tests.conftest import RunningServer, environment
from tests.ops.alerts.configuration import alertmanager, scaled_rules
from tests.ops.alerts.documents import RUNBOOKS

_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"`((?:curl|promtool|amtool|redis-cli|python -m service) [^`]+)`")
TEXTS = [path.read_text() for path in sorted(RUNBOOKS.glob("*.md"))]
COMMANDS = list(dict.fromkeys(line for text in TEXTS for block in _BLOCK.findall(text) for line in block.splitlines()))
FOUND_A_CAUSE = 1
"""The exit status of ``explain`` when something is wrong."""


class Installation(Struct, frozen=True):
    placeholders: Mapping[str, str]
    variables: Mapping[str, str]

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        for placeholder, value in self.placeholders.items():
            command = command.replace(placeholder, value)
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            env=environment(PATH=path, **self.variables),
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with ExitStack() as endings:

        def folder(name: str) -> Path:
            return tmp_path_factory.mktemp(name)

        redis, postgres = Redis(folder("redis")), Postgres()
        endings.callback(redis.stop)
        endings.callback(postgres.remove)
        data = folder("data")
        variables = {"DATA_DIR": str(data), "REDIS_URL": redis.url, "DATABASE_URL": postgres.new_database()}
        server = RunningServer(folder("service"), {"DRAIN_SECONDS": 0, "MEMORY_LIMIT": 2**30, **variables})
        endings.callback(server.stop)
        manager = Alertmanager(folder("alertmanager"), alertmanager("http://127.0.0.1:9"))
        endings.callback(manager.stop)
        target = "{}:{}".format(*server.address)
        own = folder("prometheus")
        prometheus = Prometheus(own, target, rules=scaled_rules(1), alertmanager=manager.address)
        endings.callback(prometheus.stop)
        prometheus.wait_until_up(target)
        yield Installation(
            {
                "https://your-service.example": server.url,
                "http://localhost:9090": f"http://{prometheus.address}",
                "http://localhost:9093": f"http://{manager.address}",
                "/etc/streaming-alerts": str(FOLDER),
                "/etc/prometheus/prometheus.yml": str(own / "prometheus.yml"),
            },
            variables,
        )


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_a_runbook_works(installation: Installation, command: str) -> None:
    done = installation.run(command)
    allowed = {0, FOUND_A_CAUSE} if " explain " in command else {0}
    assert done.returncode in allowed, done.stdout + done.stderr


def test_a_command_in_a_sentence_is_the_beginning_of_one_that_was_run() -> None:
    inline = {command for text in TEXTS for command in _INLINE.findall(text)}
    assert inline
    assert [one for one in inline if not any(command.startswith(one) for command in COMMANDS)] == []

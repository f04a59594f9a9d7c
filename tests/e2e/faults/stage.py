"""A running service with its dependencies, its load, and what watches it."""

import json
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from datetime import datetime
from itertools import count
from math import ceil
from pathlib import Path
from typing import Any, Final, Self

import psutil
from msgspec import Struct

from service.usage.migrate import migrate
from tests.backends.alertmanager import Alertmanager
from tests.backends.otlp import OtlpReceiver
from tests.backends.postgres import Postgres
from tests.backends.prometheus import Prometheus, Sample
from tests.backends.redis import Redis
from tests.backends.slow import SlowProxy
from tests.backends.webhook import WebhookReceiver
from tests.conftest import environment
from tests.e2e.faults import visits
from tests.e2e.faults.host import HostWatch
from tests.e2e.faults.load import Load
from tests.integration.instances.instances import Instance
from tests.integration.observability.known_users import ISSUED, SCRAPER, published_keys, token
from tests.ops.alerts.configuration import alertmanager, in_time_lapse, scaled_rules
from tests.ops.dashboards.boards import PANELS

PUBLISH_TOKEN: Final = "of-the-back-ends-of-a-stage-1"
WATCHDOG: Final = "Watchdog"
_LATENCIES: Final = frozenset(
    {
        "EventLoopLag",
        "FirstChunkBurnFast",
        "FirstChunkBurnSlow",
        "LateChunks",
        "LongContentQueue",
        "SlowDependency",
        "SlowProcessing",
        "SlowResponse",
    }
)
_CAUSES: Final = frozenset(
    {
        "alert",  # one of those above that no cause explains
        "content_queue",
        "late_chunks",
        "loop_stalls",
        "processor_busy",
        "session_store_slow",
        "slow_responses",
    }
)
RIGHT_ON_A_BUSY_HOST: Final = {
    0.05: _LATENCIES | _CAUSES,
    1: frozenset({"ServiceDown", "TargetDown", "service_down", "target_down"}),
}
"""Alerts, and causes that ``explain`` names, which are right if this machine had no time for a thread of the service
for that many seconds: half of the shortest latency in a rule, and the timeout of a scrape."""
_LEAST_INTERVAL_SECONDS: Final = 1
"""Of scrapes and evaluations: a second for each scrape, also on a slow machine."""
_EXPLAINED_MINUTES: Final = 30
"""The default of ``explain``."""
_WARM_UP_MINUTES: Final = 8
"""Of load before the fault, more than the window and the hold of most rules."""


class Setup(Struct, frozen=True):
    """What a stage consists of."""

    settings: Mapping[str, object] = {}
    """Of each instance."""
    instances: int = 1
    module: str = "service"
    redis: bool = False
    """Sessions in Redis, behind a proxy; otherwise in a file."""
    postgres: bool = False
    collector: bool = False
    """A receiver of telemetry, behind a proxy."""
    users: bool = False
    """Each connection is of a user with a token, whose issuer publishes its keys."""
    editors: int = 6
    readers: int = 2
    rare_editors: int = 0


class Stage:
    """Use it as a context. ``minute`` is the number of seconds that are a minute for the rules."""

    def __init__(self, folder: Path, setup: Setup, minute: float) -> None:
        self.folder = folder
        self.setup = setup
        self.minute = minute
        self.instances: list[Instance] = []
        self.fault_at: float | None = None
        """When the fault was there (``time.time``), if it takes time to bring it about, such as a restart."""
        self._scale = minute / 60
        self._exits = ExitStack()

    def __enter__(self) -> Self:
        with self._exits:
            settings = {
                "DRAIN_SECONDS": 0,
                "MAX_REQUESTS_PER_SESSION": 100,
                **({} if self.setup.users else {"PUBLISH_TOKEN": PUBLISH_TOKEN}),
                **self._dependencies(),
                **self.setup.settings,
            }
            for number in range(self.setup.instances):
                own = {"DATA_DIR": self.folder / f"instance-{number}" / "data"} | settings
                self.instances.append(Instance(self.folder / f"instance-{number}", own, self.setup.module))
                self._exits.callback(self.instances[-1].stop)
            self._watch()
            self.host = self._exits.enter_context(HostWatch(self._all_processes))
            addresses = [one.address for one in self.instances]
            options = _user if self.setup.users else _anyone
            self.load = self._exits.enter_context(Load(addresses, self.minute, options))
            self.traffic = self._exits.enter_context(ExitStack())
            for number, visit in (
                (self.setup.editors, visits.edit),
                (self.setup.readers, visits.read),
                (self.setup.rare_editors, visits.edit_rarely),
            ):
                self.traffic.enter_context(self.load.clients(number, visit))
            self._exits = self._exits.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._exits.close()

    @property
    def interval_seconds(self) -> int:
        """Between two scrapes, and between two evaluations of the rules."""
        return max(_LEAST_INTERVAL_SECONDS, round(self.minute / 3))

    # What the faults act on

    @property
    def instance(self) -> Instance:
        """The only one, or the first."""
        return self.instances[0]

    def processes(self, instance: Instance | None = None) -> list[psutil.Process]:
        """Those of an instance: the one that was started, and its children."""
        main = psutil.Process((instance or self.instance).server.process.pid)
        return [main, *main.children(recursive=True)]

    def workers(self) -> list[psutil.Process]:
        """Those of the first instance."""
        living = [one for one in self.processes() if one.status() != psutil.STATUS_ZOMBIE]
        return [one for one in living if "spawn_main" in " ".join(one.cmdline())]

    def memory_bytes(self, *instances: Instance) -> int:
        """The memory of these instances, or of all, without the pages of files, which processes share."""
        processes = [one for instance in instances or self.instances for one in self.processes(instance)]
        return sum(info.rss - info.shared for info in (one.memory_info() for one in processes))

    def wait_minutes(self, minutes: float) -> None:
        """Return after that many minutes of the rules."""
        time.sleep(minutes * self.minute)

    def _all_processes(self) -> list[psutil.Process]:
        return [process for instance in self.instances for process in self.processes(instance)]

    # What an operator sees

    def warm_up(self) -> None:
        """Return when the rules have seen the healthy service for a while, and no alert fires but on latencies."""
        self.prometheus.wait_for("up == 1", lambda samples: len(samples) == self.setup.instances)
        self.prometheus.load_rules(*scaled_rules(self._scale, in_time_lapse))
        self.wait_minutes(_WARM_UP_MINUTES)
        self.prometheus.wait_for(
            f'absent(ALERTS{{alertstate="firing",alertname!~"{"|".join({WATCHDOG, *_LATENCIES})}"}})'
        )

    def notified(self, since: float) -> dict[str, float]:
        """The alerts that began to fire since then (``time.time``) and of which the operator was notified, and when."""
        notices = [(one.name, datetime.fromisoformat(one.starts_at).timestamp()) for one in self._webhook.notices]
        return {name: at for name, at in reversed(notices) if at >= since and name != WATCHDOG}

    def evaluated(self, since: float) -> list[float]:
        """When the rules were evaluated since then (``time.time``): the watchdog leaves a sample each time."""
        [watchdog] = self.prometheus.query(f'ALERTS{{alertname="{WATCHDOG}"}}[{ceil(time.time() - since)}s]')
        return [at for at, _ in watchdog["values"] if at > since]

    def pending(self, alerts: Iterable[str], at: float) -> list[Sample]:
        """Those of the alerts whose condition held then, whether they fired already or not."""
        return self.prometheus.query(f'ALERTS{{alertname=~"{"|".join(sorted(alerts))}"}}', at)

    def query(self, expression: str, seconds: float = 0, at: float | None = None) -> list[Sample]:
        """A query of a rule or a panel, with the variables of Grafana; ``$fault`` is a range of that many seconds.

        It is evaluated at ``at`` (``time.time``), or now.
        """
        text = expression.replace("$__rate_interval", f"{max(60, round(4 / self._scale))}s")
        for name, value in {"$__range": "1h", "$job": ".+", "$instance": ".+"}.items():
            text = text.replace(name, value)
        text = in_time_lapse(text, self._scale).replace("$fault", f"{max(1, round(seconds))}s")
        return self.prometheus.query(text, at)

    def panel(self, name: str, at: float | None = None) -> list[Sample]:
        """The values of all queries of a panel, now or then."""
        return [sample for target in PANELS[name]["targets"] for sample in self.query(target["expr"], at=at)]

    def explained(self) -> list[str]:
        """The causes that ``python -m service explain`` names now, the first one first."""
        log = self.folder / "service.jsonl"
        log.write_text("".join(f"{json.dumps(line)}\n" for instance in self.instances for line in instance.log))
        period = ("--since", f"{round(_EXPLAINED_MINUTES * self.minute)}s")
        sources = ("--prometheus", self.prometheus.url, "--alertmanager", self._alertmanager.url, "--logs", str(log))
        done = subprocess.run(
            [sys.executable, "-m", "service", "explain", "--json", *period, *sources],
            cwd=self.folder,
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in {0, 1}, done.stderr
        return [finding["cause"] for finding in json.loads(done.stdout)["findings"]]

    # Start

    def _dependencies(self) -> dict[str, object]:
        settings: dict[str, object] = {}
        if self.setup.redis:
            self.redis = Redis(self.folder)
            self._exits.callback(self.redis.stop)
            self.redis_proxy = self._exits.enter_context(SlowProxy(self.redis.address))
            settings["REDIS_URL"] = f"redis://{self.redis_proxy.address}/0"
        if self.setup.postgres:
            self.postgres = Postgres()
            self._exits.callback(self.postgres.remove)
            settings["DATABASE_URL"] = self.postgres.new_database()
            migrate(str(settings["DATABASE_URL"]))
        if self.setup.collector:
            self.collector = OtlpReceiver()
            self._exits.callback(self.collector.stop)
            target = self.collector.endpoint.removeprefix("http://")
            self.collector_proxy = self._exits.enter_context(SlowProxy(target))
            settings["OTEL_EXPORTER_OTLP_ENDPOINT"] = f"http://{self.collector_proxy.address}"
        if self.setup.users:
            self.published_keys = self._exits.enter_context(ExitStack())
            settings |= ISSUED | {"AUTH_JWKS_URL": self.published_keys.enter_context(published_keys())}
        return settings

    def _watch(self) -> None:
        self._webhook = WebhookReceiver()
        self._exits.callback(self._webhook.stop)
        self._alertmanager = Alertmanager(self.folder, alertmanager(self._webhook.url, self._scale))
        self._exits.callback(self._alertmanager.stop)
        self.prometheus = Prometheus(
            self.folder,
            *(instance.address for instance in self.instances),
            token=SCRAPER if self.setup.users else None,
            alertmanager=self._alertmanager.address,
            interval=f"{self.interval_seconds}s",
            lookback_seconds=5 * self.minute,
        )
        self._exits.callback(self.prometheus.stop)


_users: Final = count()


def _user(_: str) -> dict[str, Any]:
    """Options for a connection of another user."""
    return {"token": token(sub=f"user-{next(_users)}")}


def _anyone(_: str) -> dict[str, Any]:
    return {}

"""The path of an alert: real faults of a running service, Prometheus, Alertmanager and a webhook.

The rules are the shipped ones with durations divided by 60: five minutes are five seconds. No step depends on the speed
of the machine: each one waits for a state. In particular, the alerts on latencies resolve by the end of the traffic,
not by fast responses.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, suppress
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from dashboards.rules import ALERTS, RECORDINGS
from observability.registry.access_metrics import TOKEN_REFUSALS
from streaming_content import Connection, ConnectionClosed
from tests.backends.child import free_port
from tests.backends.fixtures import StartAlertmanager, StartPrometheus, StartRedis
from tests.backends.prometheus import Prometheus
from tests.backends.webhook import WebhookReceiver
from tests.clients.direct import joined, request
from tests.conftest import RunningServer
from tests.ops.alerts.configuration import RECEIVERS, alertmanager, scaled_rules
from tests.ops.alerts.faulty import BROKEN, LOST, SLOW
from tests.ops.alerts.promql import parse
from tests.waiting import wait_for

SCALE = 1 / 60
INTERVAL = "1s"
"""Of scrapes and evaluations: five samples in the shortest window, and a second for each scrape on a slow machine."""
VISITORS = 8
"""Concurrent clients: over 20 streams in 5 seconds, also on a slow machine."""
PAUSE_SECONDS = 0.25

GOOD = "A sentence without any fault. " * 3
LARGE = "word " * 300
"""Over 200 chunks, split by word."""

Start = Callable[..., RunningServer]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts the service, or the one with faults."""
    with ExitStack() as endings:

        def start_server(module: str = "service", **settings: object) -> RunningServer:
            folder = tmp_path / f"service-{uuid4().hex}"
            folder.mkdir()
            server = RunningServer(folder, {"DRAIN_SECONDS": 0} | settings, module)
            endings.callback(server.stop)
            return server

        yield start_server


class Notifications:
    """The notifications of Alertmanager at the webhook."""

    def __init__(self, webhook: WebhookReceiver) -> None:
        self._webhook = webhook

    async def wait(self, status: str, name: str, **labels: str) -> None:
        """Wait for a notification, at the receiver of the severity and with rendered annotations."""
        notice = await asyncio.to_thread(
            self._webhook.wait_for,
            lambda notice: (notice.name, notice.status) == (name, status) and notice.labels.items() >= labels.items(),
            f"{name} {status}",
        )
        assert notice.receiver == RECEIVERS[ALERTS[name].severity]
        assert notice.annotations["runbook_url"] == ALERTS[name].runbook_url
        assert "{{" not in notice.annotations["summary"] + notice.annotations["description"]

    async def wait_for_all(self, status: str, *names: str) -> None:
        await asyncio.gather(*(self.wait(status, name) for name in names))


def rules() -> list[dict[str, Any]]:
    """Both rule files without the burn-rate alerts, whose windows of hours and days are not seconds."""
    recording, alerting = scaled_rules(SCALE)
    groups = [group for group in alerting["groups"] if group["name"] != "stream-objectives"]
    return [recording, {"groups": groups}]


def every_rule_has_data(prometheus: Prometheus) -> bool:
    """Whether all rules were evaluated without an error, and every series that they use or record exists.

    Those of users do not exist here; the live test of the panels has a service with users, and sees them.
    """
    groups = prometheus.http.get("/api/v1/rules").raise_for_status().json()["data"]["groups"]
    used = {metric for alert in ALERTS.values() for metric in parse(alert.expr).metrics} - {TOKEN_REFUSALS.name}
    return {rule["health"] for group in groups for rule in group["rules"]} == {"ok"} and all(
        prometheus.query(name) for name in RECORDINGS.keys() | used
    )


async def visit(server: RunningServer, content: str) -> None:
    """Request a stream in a new session and skip to its end."""
    async with joined(server, f"visit-{uuid4().hex}") as client:
        await stream(client, content)


async def stream(client: Connection, content: str) -> None:
    await request(client, content, chunk_by="word" if content is LARGE else "sentence")
    await client.send("stream_control", action="skip")
    await client.receive_until("error" if content.startswith(BROKEN) else "stream_complete")


async def fail_to_connect(server: RunningServer, session_id: str) -> None:
    """Open a connection that the server closes."""
    with suppress(ConnectionClosed):
        async with joined(server, session_id, wait_connected=False) as client:
            await client.receive()
            await client.receive()


@asynccontextmanager
async def repeated(*actions: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Repeat each action, with a pause, while the context lasts."""

    async def repeat(action: Callable[[], Awaitable[None]]) -> None:
        while True:
            await action()
            await asyncio.sleep(PAUSE_SECONDS)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(repeat(action)) for action in actions]
        yield
        for task in tasks:
            task.cancel()


async def test_alerts_fire_and_resolve_on_a_running_service(
    start: Start,
    start_redis: StartRedis,
    start_alertmanager: StartAlertmanager,
    start_prometheus: StartPrometheus,
    webhook: WebhookReceiver,
) -> None:
    notifications = Notifications(webhook)
    redis = start_redis()
    faulty_port, limited_port, late_port = ports = [free_port() for _ in range(3)]
    limited_instance, late_instance = f"127.0.0.1:{limited_port}", f"127.0.0.1:{late_port}"
    manager = start_alertmanager(alertmanager(webhook.url, SCALE))
    targets = [f"127.0.0.1:{port}" for port in ports]
    prometheus = start_prometheus(*targets, rules=rules(), alertmanager=manager.address, interval=INTERVAL)
    faulty = start("tests.ops.alerts.faulty", PORT=faulty_port)
    limited = start(
        PORT=limited_port,
        MAX_CONNECTIONS=1,
        MAX_REQUESTS_PER_SESSION=100_000,
        MEMORY_LIMIT=1_000_000,
        PUBLISH_TOKEN="of-back-ends-0123456789",
        REDIS_URL=redis.url,
        DATABASE_URL="postgresql://127.0.0.1:9/usage",  # no server listens there
    )
    contents = cycle([GOOD, SLOW + GOOD, LARGE, BROKEN + GOOD])

    async def visit_next() -> None:
        await visit(faulty, next(contents))

    async def stop_redis() -> None:
        await asyncio.to_thread(redis.stop)
        await notifications.wait("firing", "SessionStoreDown", instance=limited_instance)
        # A fault of another dependency, at the same time and on the same instance.
        await notifications.wait("firing", "DependencyDown", instance=limited_instance, dependency="database")

    async with (
        joined(limited, "only-connection") as client,
        repeated(partial(stream, client, GOOD)),
    ):
        async with repeated(
            *[visit_next] * VISITORS,
            partial(fail_to_connect, limited, "over-capacity"),
            partial(fail_to_connect, faulty, f"{LOST}session"),
        ):
            await asyncio.gather(
                stop_redis(),
                notifications.wait("firing", "TargetDown", instance=late_instance),
                notifications.wait("firing", "HighMemory", instance=limited_instance),
                notifications.wait_for_all("firing", "SlowProcessing", "LargeContent", "HighErrorRate", "SlowResponse"),
                notifications.wait_for_all("firing", "HighTraffic", "ConnectionFailures", "Watchdog"),
            )
            await asyncio.to_thread(wait_for, partial(every_rule_has_data, prometheus), "every rule has data")

        await asyncio.to_thread(redis.start)
        start(PORT=late_port)
        await asyncio.gather(
            notifications.wait("resolved", "SessionStoreDown", instance=limited_instance),
            notifications.wait("resolved", "TargetDown", instance=late_instance),
            notifications.wait_for_all("resolved", "SlowProcessing", "LargeContent", "HighErrorRate", "SlowResponse"),
            notifications.wait("resolved", "ConnectionFailures"),
        )

    await asyncio.to_thread(limited.stop)
    start(PORT=limited_port)
    await notifications.wait("resolved", "HighTraffic")
    await asyncio.to_thread(prometheus.wait_until_up, limited_instance)
    # Not through the webhook: a notification of this instance is inhibited while the instance restarts.
    await asyncio.to_thread(prometheus.wait_for, 'absent(ALERTS{alertname=~"HighMemory|SessionStoreDown"})')

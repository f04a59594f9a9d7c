"""The whole chain: faults of a running service, Prometheus, Alertmanager, and whoever is told.

The rules are the shipped ones with every window a sixtieth as long: five minutes are five seconds.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, suppress
from itertools import count, cycle
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from dashboards.rules import ALERTS, RECORDINGS
from streaming_content_client import ConnectionClosed
from tests.backends.fixtures import StartAlertmanager, StartPrometheus, StartRedis
from tests.backends.prometheus import Prometheus
from tests.backends.webhook import WebhookReceiver
from tests.clients.direct import joined, metric, request
from tests.conftest import RunningServer
from tests.ops.alerts.configuration import RECEIVERS, alertmanager, scaled_rules
from tests.ops.alerts.faulty import BROKEN, LOST, SLOW
from tests.ops.alerts.promql import parse

SCALE = 1 / 60
"""For an alert to fire or to resolve: it takes about a quarter of that."""

GOOD = "A sentence that nothing is wrong with. " * 3
LARGE = "word " * 300
"""Over 200 chunks, if it is cut by word."""

OF_TRAFFIC = ("SlowProcessing", "LargeContent", "HighErrorRate", "SlowResponse")

Start = Callable[..., RunningServer]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts the service whose parts fail on demand, or another module's; the test may kill it."""
    folders = count()
    with ExitStack() as endings:

        def started(module: str = "tests.ops.alerts.faulty", **settings: object) -> RunningServer:
            folder = tmp_path / f"service-{next(folders)}"
            folder.mkdir()
            server = RunningServer(folder, {"DRAIN_SECONDS": 0} | settings, module)
            endings.callback(server.stop)
            return server

        yield started


class Told:
    """Who waits for what Alertmanager tells."""

    def __init__(self, webhook: WebhookReceiver) -> None:
        self._webhook = webhook

    async def of(self, name: str, status: str, **labels: str) -> None:
        """Return when the alert is told of, by whom its severity says and with its links."""
        notice = await asyncio.to_thread(
            self._webhook.wait_for,
            lambda notice: (notice.name, notice.status) == (name, status) and notice.labels.items() >= labels.items(),
            f"{name} {status}",
        )
        assert notice.receiver == RECEIVERS[ALERTS[name].severity]
        assert notice.annotations["runbook_url"] == ALERTS[name].runbook_url
        assert "{{" not in notice.annotations["summary"] + notice.annotations["description"]

    async def of_all(self, status: str, *names: str) -> None:
        await asyncio.gather(*(self.of(name, status) for name in names))


def shortened() -> list[dict[str, Any]]:
    """Both rule files without the burn-rate alerts, whose windows of hours and days are not seconds."""
    recording, alerting = scaled_rules(SCALE)
    groups = [group for group in alerting["groups"] if group["name"] != "stream-objectives"]
    return [recording, {"groups": groups}]


def every_rule_has_data(prometheus: Prometheus) -> None:
    """None is evaluated in vain: each says something, or is silent about something that is there."""
    groups = prometheus.http.get("/api/v1/rules").raise_for_status().json()["data"]["groups"]
    assert {rule["health"] for group in groups for rule in group["rules"]} == {"ok"}
    recorded = set(RECORDINGS)
    watched = {metric for alert in ALERTS.values() for metric in parse(alert.expr).metrics}
    assert [name for name in sorted(recorded | watched) if not prometheus.query(name)] == []


async def visit(server: RunningServer, content: str) -> None:
    """Ask for a stream in a session of its own, and skip to its end."""
    async with joined(server, f"visit-{uuid4().hex}") as client:
        await request(client, content, chunk_by="word" if content is LARGE else "sentence")
        await client.send("stream_control", action="skip")
        await client.receive_until("error" if content.startswith(BROKEN) else "stream_complete")


async def knock(server: RunningServer, session_id: str) -> None:
    """Try to come in, whatever comes of it."""
    with suppress(ConnectionClosed):
        async with joined(server, session_id, wait_connected=False) as client:
            await client.receive()
            await client.receive()


@asynccontextmanager
async def often(act: Callable[[], Coroutine[Any, Any, None]], seconds: float) -> AsyncIterator[None]:
    """Again and again, one beside the other, for as long as the context lasts."""

    async def forever() -> None:
        async with asyncio.TaskGroup() as acts:
            while True:
                acts.create_task(act())
                await asyncio.sleep(seconds)

    going = asyncio.create_task(forever())
    try:
        yield
    finally:
        going.cancel()
        with suppress(asyncio.CancelledError):
            await going


async def test_a_fault_is_told_of_until_it_is_mended(
    start: Start,
    start_alertmanager: StartAlertmanager,
    start_prometheus: StartPrometheus,
    webhook: WebhookReceiver,
) -> None:
    told = Told(webhook)
    busy = start()
    tight = start(MAX_CONNECTIONS=1, MEMORY_LIMIT=int(await metric(busy, "stream_memory_usage_bytes")))
    manager = start_alertmanager(alertmanager(webhook.url, SCALE))
    targets = [server.url.removeprefix("http://") for server in (busy, tight)]
    prometheus = start_prometheus(*targets, rules=shortened(), alertmanager=manager.address)
    for target in targets:
        await asyncio.to_thread(prometheus.wait_until_up, target)

    async with AsyncExitStack() as faults:
        await faults.enter_async_context(joined(tight, "has-the-only-seat"))
        await faults.enter_async_context(often(lambda: knock(tight, "finds-no-seat"), 0.3))
        await faults.enter_async_context(often(lambda: knock(busy, f"{LOST}session"), 0.3))
        contents = cycle([GOOD, SLOW + GOOD, LARGE, BROKEN + GOOD])
        await faults.enter_async_context(often(lambda: visit(busy, next(contents)), 0.1))
        await told.of_all("firing", *OF_TRAFFIC, "HighTraffic", "ConnectionFailures", "HighMemory", "Watchdog")
        await asyncio.to_thread(every_rule_has_data, prometheus)

    async with often(lambda: visit(busy, GOOD), 0.1):
        await told.of_all("resolved", *OF_TRAFFIC, "ConnectionFailures")
    await told.of("HighTraffic", "resolved")

    tight.stop()
    roomy = start(PORT=tight.address[1])
    await told.of("HighMemory", "resolved")

    roomy.process.kill()
    await told.of("TargetDown", "firing", instance=targets[1])
    start(PORT=tight.address[1])
    await told.of("TargetDown", "resolved", instance=targets[1])
    await asyncio.to_thread(prometheus.wait_for, 'absent(ALERTS{alertname!="Watchdog"})')


async def test_what_is_away_is_told_of_until_it_is_back(
    start: Start,
    start_redis: StartRedis,
    start_alertmanager: StartAlertmanager,
    start_prometheus: StartPrometheus,
    webhook: WebhookReceiver,
) -> None:
    told = Told(webhook)
    redis = start_redis()
    nowhere = "postgresql://127.0.0.1:9/usage"
    server = start("service", REDIS_URL=redis.url, DATABASE_URL=nowhere)
    target = server.url.removeprefix("http://")
    manager = start_alertmanager(alertmanager(webhook.url, SCALE))
    prometheus = start_prometheus(target, rules=shortened(), alertmanager=manager.address)
    await told.of("DependencyDown", "firing", dependency="database")

    async with often(lambda: visit(server, GOOD), 0.1):
        redis.stop()
        await told.of("SessionStoreDown", "firing", instance=target)
        redis.start()
        await told.of("SessionStoreDown", "resolved", instance=target)
    assert [one["metric"]["dependency"] for one in prometheus.query("stream_dependency_up == 0")] == ["database"]

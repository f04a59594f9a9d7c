"""The metrics of several workers: of all in each scrape, exact after kills, and a worker that hangs is seen."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from itertools import count, pairwise
from pathlib import Path

import httpx
import pytest

from streaming_content import ConnectFailed, Connection, ConnectionClosed
from tests.clients.direct import DOCUMENT, joined, request, stream
from tests.integration.observability.breaking import HANG
from tests.integration.observability.worker_pair import LONG_DOCUMENT, Pair, Scrape, begin, load, scrape
from tests.waiting import eventually

KILLS = 30
CLIENTS = 6
COUNTS_OF_LAGS: tuple[tuple[str, dict[str, str]], ...] = (("count", {}), ("bucket", {"le": "+Inf"}))
BROKEN = (httpx.RemoteProtocolError, httpx.ReadError, httpx.ConnectError)
"""A worker died before it had answered."""


@pytest.fixture
def pair(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Pair]:
    """With the settings that the test is parametrised by."""
    pair = Pair(tmp_path, {"DRAIN_SECONDS": 0} | getattr(request, "param", {}))
    yield pair
    assert pair.server.stop() == 0


def settings(**values: object) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("pair", [values], indirect=True, ids=[""])


async def test_what_a_killed_worker_had_open_is_lost_and_its_counts_continue(pair: Pair) -> None:
    survivor, victim = pair.workers()
    async with AsyncExitStack() as clients:
        await load(clients, pair, survivor)
        _, streaming = await begin(clients, pair, victim, LONG_DOCUMENT)
        for _ in range(2):
            await request(streaming, DOCUMENT)  # they wait in the queue
        await streaming.send("ping")
        await streaming.receive_until("pong")
        with pair.alone(victim):
            served = await clients.enter_async_context(joined(pair.server, "served"))
            assert await stream(served, DOCUMENT) == DOCUMENT
            before = await scrape(pair.server)
        await pair.kill(victim)
        await pair.successor(victim)
        after = await scrape(pair.server)
    assert worker_values(before, "1") == {
        "opened": 2,
        "active": 2,
        "admitted": 4,
        "requests": 3,
        "completed": 1,
        "lost": 0,
        "lost_requests": 0,
        "killed": 0,
        "crashed": 0,
    }
    assert worker_values(after, "1") == worker_values(before, "1") | {
        "active": 0,
        "requests": 0,
        "lost": 2,
        "lost_requests": 3,
        "killed": 1,
    }
    assert worker_values(after, "0") == worker_values(before, "0")
    line = pair.server.logged("worker_replaced")
    assert (line["worker"], line["reason"], line["connections"], line["requests"]) == (1, "killed", 2, 3)


def worker_values(scrape: Scrape, worker: str) -> dict[str, float]:
    return {
        "opened": scrape.total("stream_connections_opened_total", worker=worker),
        "active": scrape.total("stream_connections_active", worker=worker),
        "admitted": scrape.total("stream_requests_admitted_total", worker=worker),
        "requests": scrape.total("stream_requests_active", worker=worker),
        "completed": scrape.total("stream_requests_total", worker=worker, outcome="completed"),
        "lost": scrape.total("stream_lost_total", worker=worker, what="connections"),
        "lost_requests": scrape.total("stream_lost_total", worker=worker, what="requests"),
        "killed": scrape.total("stream_worker_deaths_total", worker=worker, reason="killed"),
        "crashed": scrape.total("stream_worker_deaths_total", worker=worker, reason="crashed"),
    }


class Load:
    """Clients that connect, stream and leave, and connect again when their connection breaks; and scrapes."""

    def __init__(self, pair: Pair) -> None:
        self._server = pair.server
        self._numbers = count()
        self.over = asyncio.Event()
        self.scrapes: list[Scrape] = []
        self.connected = 0
        self.completed = 0

    async def use(self) -> None:
        while not self.over.is_set():
            with suppress(ConnectFailed, ConnectionClosed):
                async with joined(self._server, f"user-{next(self._numbers)}") as client:
                    self.connected += 1
                    for _ in range(3):
                        await request(client, DOCUMENT)
                    for _ in range(3):
                        await client.receive_until("stream_complete")
                        self.completed += 1

    async def next_scrape(self) -> None:
        """Wait for a scrape that begins after this call."""
        seen = len(self.scrapes)

        async def another() -> bool:
            return len(self.scrapes) > seen + 1

        await eventually(another)

    async def scrape(self) -> None:
        """One after the other; a scrape fails only with the worker that accepted it."""
        while not self.over.is_set():
            with suppress(*BROKEN):
                self.scrapes.append(await scrape(self._server))


@settings(LOG_LEVEL="ERROR")
async def test_the_books_balance_in_every_scrape_through_thirty_kills_under_load(pair: Pair) -> None:
    load = Load(pair)
    async with asyncio.TaskGroup() as tasks:
        for _ in range(CLIENTS):
            tasks.create_task(load.use())
        tasks.create_task(load.scrape())
        for _ in range(KILLS // 2):
            victims = pair.workers()
            for victim in victims:
                await pair.kill(victim)
            for victim in victims:
                await pair.successor(victim)
            await load.next_scrape()
        load.over.set()
    last = await eventually(lambda: quiet(pair))
    assert last is not None
    assert len(load.scrapes) > KILLS
    for one in (*load.scrapes, last):
        for labels in ({}, {"worker": "0"}, {"worker": "1"}):
            assert all(came == went for came, went in one.balances(**labels).values()), one.balances(**labels)
        assert min(sample.value for sample in one.samples if sample.name.endswith("_active")) >= 0
    for earlier, later in pairwise([*load.scrapes, last]):
        for name in ("stream_connections_opened_total", "stream_requests_total", "stream_lost_total"):
            assert earlier.total(name) <= later.total(name), name
    assert last.total("stream_requests_active") == 0
    assert last.total("stream_worker_deaths_total", reason="killed") == KILLS
    lost = last.total("stream_lost_total", what="connections")
    assert 0 < lost <= CLIENTS * KILLS
    # What a client receives has been counted; what was counted may have been on its way when the worker died.
    assert load.connected <= last.total("stream_connections_opened_total") <= load.connected + lost
    completed = last.total("stream_requests_total", outcome="completed")
    assert load.completed <= completed <= load.completed + 3 * lost


async def quiet(pair: Pair) -> Scrape | None:
    """A scrape of a time at which no connection is open."""
    found = await scrape(pair.server)
    return None if found.total("stream_connections_active") else found


@settings(WORKER_HUNG_SECONDS=6)
async def test_a_hung_worker_is_down_in_the_next_scrape_and_replaced(pair: Pair) -> None:
    survivor, victim = pair.workers()
    async with AsyncExitStack() as clients:
        await load(clients, pair, victim)
        victim.suspend()
        hung = await scrape(pair.server)
        assert (hung.total("stream_worker_up", worker="0"), hung.total("stream_worker_up", worker="1")) == (1, 0)
        assert hung.total("stream_connections_active", worker="1") == 2, "its connections are open"
        assert "stream_pending_sockets" not in {name for name, _ in hung.series("1")}
        await pair.successor(victim)
        line = pair.server.logged("worker_replaced")
        assert (line["worker"], line["reason"], line["connections"], line["requests"]) == (1, "hung", 2, 1)

        async def replaced() -> bool:
            return (await scrape(pair.server)).total("stream_worker_up") == 2

        await eventually(replaced)
        after = await scrape(pair.server)
        assert after.total("stream_worker_deaths_total", worker="1", reason="hung") == 1
        assert after.total("stream_worker_deaths_total") == 1
    assert survivor in pair.workers()


@settings(WORKER_HUNG_SECONDS=2)
async def test_the_log_has_the_call_in_which_a_worker_hung(pair: Pair) -> None:
    async with joined(pair.server, "hanging") as client:
        await request(client, HANG)
        line = await asyncio.to_thread(pair.server.logged, "worker_replaced", reason="hung")
        client.transport.abort()
    assert line["exit_code"] == -signal.SIGKILL
    assert line["stack"].startswith("_hang (breaking.py:")


@settings(WORKERS=8)
async def test_eight_workers_have_exemplars_process_metrics_and_start_times(pair: Pair) -> None:
    async with AsyncExitStack() as clients:
        served: list[Connection] = []
        for worker in pair.workers():
            with pair.alone(worker):
                served.append(await clients.enter_async_context(joined(pair.server, f"served-{worker.pid}")))
        for client in served:
            assert await stream(client, DOCUMENT) == DOCUMENT

        async def all_are_counted() -> bool:
            """Messages are counted a few times a second."""
            sent = (await scrape(pair.server)).total("stream_messages_sent_total", type="stream_complete")
            return sent == len(served)

        await eventually(all_are_counted)
        found = await scrape(pair.server)
    workers = [str(number) for number in range(8)]
    for number in workers:
        lags = [found.total(f"stream_chunk_lag_seconds_{of}", worker=number, **le) for of, le in COUNTS_OF_LAGS]
        assert set(lags) == {found.total("stream_messages_sent_total", worker=number, type="chunk")} != {0}
    assert found.total("stream_worker_up") == 8
    of_worker = [{one for one in found.series(worker) if one[0] != "target_info"} for worker in workers]
    assert all(series == of_worker[0] for series in of_worker), "each worker has all series"
    names = {name for name, _ in of_worker[0]}
    assert {"process_start_time_seconds", "process_cpu_seconds_total", "python_gc_collections_total"} <= names
    exemplars = [sample for sample in found.samples if sample.exemplar]
    for name in ("stream_processing_duration_seconds_bucket", "stream_time_to_first_chunk_seconds_bucket"):
        assert sorted(sample.labels["worker"] for sample in exemplars if sample.name == name) == workers
    assert all(set(sample.exemplar.labels) == {"trace_id", "span_id"} for sample in exemplars if sample.exemplar)

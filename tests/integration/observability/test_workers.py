"""Several workers on one address: signals, and replacement."""

import asyncio
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path

import psutil
import pytest

from tests.clients.direct import DOCUMENT, data, get, joined, stream, until_closed
from tests.integration.observability.worker_pair import LONG_DOCUMENT, Pair, begin, load
from tests.waiting import LIMIT_SECONDS

FINISHING_DOCUMENT = DOCUMENT * 3

StartPair = Callable[..., Pair]


@pytest.fixture
def start_pair(tmp_path: Path) -> Iterator[StartPair]:
    with ExitStack() as endings:

        def start(**settings: object) -> Pair:
            pair = Pair(tmp_path, settings)
            endings.callback(pair.server.stop)
            return pair

        yield start


async def test_sigterm_closes_the_connections_of_all_workers_with_1012(start_pair: StartPair) -> None:
    pair = start_pair(DRAIN_SECONDS=1)
    async with AsyncExitStack() as clients:
        streaming = [(await load(clients, pair, worker)) for worker in pair.workers()]
        pair.server.terminate()
        assert [(await until_closed(client))[1] for client in streaming] == [1012, 1012]
        assert await asyncio.to_thread(pair.server.process.wait, LIMIT_SECONDS) == 0
    assert pair.server.noise == []
    assert list(pair.directory.iterdir()) == []


async def test_sigint_to_every_process_lets_streams_finish(start_pair: StartPair) -> None:
    pair = start_pair(DRAIN_SECONDS=60)
    async with AsyncExitStack() as clients:
        streaming = [(await begin(clients, pair, worker, FINISHING_DOCUMENT)) for worker in pair.workers()]
        for pid in (pair.server.process.pid, *(worker.pid for worker in pair.workers())):
            os.kill(pid, signal.SIGINT)
        for first, client in streaming:
            rest, code = await until_closed(client)
            assert (data(first + rest), code) == (FINISHING_DOCUMENT, 1012)
        assert await asyncio.to_thread(pair.server.process.wait, LIMIT_SECONDS) == 0


async def test_a_second_signal_skips_the_drain(start_pair: StartPair) -> None:
    pair = start_pair(DRAIN_SECONDS=600)
    async with AsyncExitStack() as clients:
        [(_, client), _] = [(await begin(clients, pair, worker, LONG_DOCUMENT)) for worker in pair.workers()]
        pair.server.terminate()
        await asyncio.to_thread(pair.server.logged, "drain_started")
        await client.receive_until("chunk")
        pair.server.terminate()
        assert (await until_closed(client))[1] == 1012
        assert await asyncio.to_thread(pair.server.process.wait, LIMIT_SECONDS) == 0


async def test_a_worker_is_replaced_without_the_metrics_directory(start_pair: StartPair) -> None:
    pair = start_pair(DRAIN_SECONDS=0)
    survivor, victim = pair.workers()
    async with AsyncExitStack() as clients:
        with pair.alone(survivor):
            client = await clients.enter_async_context(joined(pair.server, "survivor"))
        shutil.rmtree(pair.directory)
        await pair.kill(victim)
        successor = await pair.successor(victim)
        assert await stream(client, DOCUMENT) == DOCUMENT
        with pair.alone(successor):
            served = await clients.enter_async_context(joined(pair.server, "successor"))
            assert await stream(served, DOCUMENT) == DOCUMENT
        answer = await get(pair.server, "/metrics")
        assert answer.status_code == 500, "a failed scrape instead of wrong values"
    assert pair.server.stop() == 0


def test_workers_end_when_their_server_is_killed(start_pair: StartPair) -> None:
    pair = start_pair(DRAIN_SECONDS=0)
    workers = pair.workers()
    pair.server.process.kill()
    _, left = psutil.wait_procs(workers, LIMIT_SECONDS)
    for worker in left:
        worker.kill()
    assert left == []

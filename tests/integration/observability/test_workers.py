"""Several workers on one address: metrics after kills, signals, and replacement."""

import asyncio
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from pathlib import Path

import httpx
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from service.app import ready_for_workers
from service.settings import SettingsError, load_settings
from streaming_content_client import Connection
from tests.clients.direct import DOCUMENT, WITHOUT_KEEP_ALIVE, data, get, joined, request, stream, until_closed
from tests.conftest import RunningServer
from tests.waiting import LIMIT_SECONDS, wait_for

ROUNDS = 3
FINISHING_DOCUMENT = DOCUMENT * 3
LONG_DOCUMENT = "word " * 2000

CONNECTIONS = "stream_connections_active"
STREAMING = "stream_active_streams streaming"
COMPLETED = "stream_requests_total text completed"

Worker = psutil.Process
Values = dict[str, float]


class Pair:
    """A server with two workers, both listening."""

    def __init__(self, folder: Path, settings: dict[str, object]) -> None:
        self.server = RunningServer(folder, {"WORKERS": 2} | settings, "tests.integration.observability.breaking")
        self.directory = folder / "data" / "metrics"
        self._process = psutil.Process(self.server.process.pid)
        wait_for(lambda: self._listening() == 2, "both workers listen")

    def workers(self) -> list[Worker]:
        return [child for child in self._process.children() if "spawn_main" in " ".join(child.cmdline())]

    @contextmanager
    def alone(self, worker: Worker) -> Iterator[None]:
        """Suspend the other workers, so that new connections reach this one."""
        others = [other for other in self.workers() if other != worker]
        for other in others:
            other.suspend()
        try:
            yield
        finally:
            for other in others:
                other.resume()

    async def kill(self, worker: Worker) -> None:
        """Kill a worker and wait for its end."""
        worker.kill()
        await asyncio.to_thread(worker.wait)

    async def successor(self, worker: Worker) -> Worker:
        """The worker that replaced a killed one."""
        await asyncio.to_thread(self.server.logged, "worker_replaced", pid=worker.pid, exit_code=-signal.SIGKILL)
        return max(self.workers(), key=Worker.create_time)

    def _listening(self) -> int:
        return sum(line["event"] == "service_listening" for line in self.server.log)


StartPair = Callable[..., Pair]


@pytest.fixture
def start_pair(tmp_path: Path) -> Iterator[StartPair]:
    with ExitStack() as endings:

        def start(**settings: object) -> Pair:
            pair = Pair(tmp_path, settings)
            endings.callback(pair.server.stop)
            return pair

        yield start


async def test_metrics_stay_correct_when_a_worker_is_killed(start_pair: StartPair) -> None:
    pair = start_pair(DRAIN_SECONDS=0)
    files = sizes(pair.directory)
    survivor, victim = pair.workers()
    async with AsyncExitStack() as clients:
        await load(clients, pair, survivor)
        for killed in range(ROUNDS):
            await load(clients, pair, victim)
            with pair.alone(survivor):
                before = await scrape(pair.server)
            assert (before[CONNECTIONS], before[STREAMING], before[COMPLETED]) == (4, 2, killed + 2)
            await pair.kill(victim)
            after = await scrape(pair.server)
            victim = await pair.successor(victim)
            with pair.alone(victim):
                later = await scrape(pair.server)
            for shown in (after, later):
                assert (shown[CONNECTIONS], shown[STREAMING], shown[COMPLETED]) == (2, 1, killed + 2)
            assert decreased(before, after) == decreased(after, later) == set()
        assert sizes(pair.directory) == files


async def test_sigterm_closes_the_connections_of_all_workers_with_1012(start_pair: StartPair) -> None:
    pair = start_pair(DRAIN_SECONDS=1)
    async with AsyncExitStack() as clients:
        streaming = [(await load(clients, pair, worker)) for worker in pair.workers()]
        pair.server.terminate()
        assert [(await until_closed(client))[1] for client in streaming] == [1012, 1012]
        assert await asyncio.to_thread(pair.server.process.wait, LIMIT_SECONDS) == 0
    assert pair.server.noise == []


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
        line = await asyncio.to_thread(pair.server.logged, "metrics_not_shared")
        assert (line["level"], line["reason"]) == (
            "ERROR",
            "Files are missing from the metrics directory data/metrics.",
        )
        assert await stream(client, DOCUMENT) == DOCUMENT
        with pair.alone(successor):
            served = await clients.enter_async_context(joined(pair.server, "successor"))
            assert await stream(served, DOCUMENT) == DOCUMENT
        for worker in (survivor, successor):
            with pair.alone(worker):
                assert (await get(pair.server, "/metrics")).status_code == 500, (
                    "a failed scrape instead of wrong values"
                )
    assert pair.server.stop() == 0


def test_workers_end_when_their_server_is_killed(start_pair: StartPair) -> None:
    pair = start_pair(DRAIN_SECONDS=0)
    workers = pair.workers()
    pair.server.process.kill()
    _, left = psutil.wait_procs(workers, LIMIT_SECONDS)
    for worker in left:
        worker.kill()
    assert left == []


def test_an_unusable_metrics_directory_prevents_the_start() -> None:
    settings = load_settings().model_copy(update={"max_workers": 2, "metrics_dir": Path("/dev/null")})
    with pytest.raises(SettingsError) as refusal, ready_for_workers(settings):
        pass
    assert str(refusal.value) == (
        "METRICS_DIR: The metrics directory /dev/null cannot be used: Not a directory."
        " Name one that this user may write to."
    )


async def load(clients: AsyncExitStack, pair: Pair, worker: Worker) -> Connection:
    """Serve one document to a client, and return another client in the middle of a stream."""
    with pair.alone(worker):
        served = await clients.enter_async_context(joined(pair.server, f"served-{worker.pid}"))
        assert await stream(served, DOCUMENT) == DOCUMENT
    _, streaming = await begin(clients, pair, worker, LONG_DOCUMENT)
    return streaming


async def begin(
    clients: AsyncExitStack, pair: Pair, worker: Worker, content: str
) -> tuple[list[dict[str, object]], Connection]:
    """A client in the middle of a stream, with the messages received so far."""
    with pair.alone(worker):
        client = await clients.enter_async_context(joined(pair.server, f"streaming-{worker.pid}"))
        clients.callback(client.transport.abort)  # a close would wait for unread data
        await request(client, content, speed="normal")
        received = await client.receive_until("chunk")
        received += await client.receive_until("chunk")  # the first is counted before the next is sent
        return received, client


async def scrape(server: RunningServer) -> Values:
    """The values of a scrape, by sample and label."""
    async with httpx.AsyncClient(base_url=server.url, limits=WITHOUT_KEEP_ALIVE) as http:
        text = (await http.get("/metrics")).text
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {" ".join([sample.name, *sample.labels.values()]): sample.value for sample in samples}


def decreased(before: Values, after: Values) -> set[str]:
    """The counters and histograms that decreased or disappeared."""
    counting = {series for series in before if series.split()[0].endswith(("_total", "_bucket", "_count", "_sum"))}
    return {series for series in counting if after.get(series, -1) < before[series]}


def sizes(directory: Path) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in directory.iterdir()}

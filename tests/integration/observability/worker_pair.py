"""A server with several workers, and the values of its scrapes."""

import asyncio
import signal
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import httpx
import psutil
from msgspec import Struct
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from streaming_content import Connection
from tests.clients.direct import DOCUMENT, WITHOUT_KEEP_ALIVE, joined, request, stream
from tests.conftest import RunningServer
from tests.waiting import wait_for

LONG_DOCUMENT = "word " * 2000
OPENMETRICS = {"Accept": "application/openmetrics-text; version=1.0.0"}

Worker = psutil.Process


class Pair:
    """A server with two workers, or another number, all of them listening."""

    def __init__(self, folder: Path, settings: Mapping[str, object]) -> None:
        self._settings = {"WORKERS": 2, **settings}
        self.server = RunningServer(folder, dict(self._settings), "tests.integration.observability.breaking")
        self.directory = folder / "data" / "metrics"
        self._process = psutil.Process(self.server.process.pid)
        wait_for(lambda: self._listening() == self._settings["WORKERS"], "all workers listen")

    def workers(self) -> list[Worker]:
        """In the order in which they started; at first that is the order of their numbers."""
        children = [child for child in self._process.children() if "spawn_main" in " ".join(child.cmdline())]
        return sorted(children, key=lambda child: child.pid)

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

    async def successor(self, worker: Worker, exit_code: int = -signal.SIGKILL) -> Worker:
        """The worker that replaced a killed one."""
        await asyncio.to_thread(self.server.logged, "worker_replaced", pid=worker.pid, exit_code=exit_code)
        return max(self.workers(), key=Worker.create_time)

    def _listening(self) -> int:
        return sum(line["event"] == "service_listening" for line in self.server.log)


class Scrape(Struct):
    """The samples of a scrape."""

    samples: list[Sample]

    def total(self, name: str, **labels: str) -> float:
        """The sum of all series with these labels."""
        return sum(one.value for one in self.samples if one.name == name and one.labels.items() >= labels.items())

    def series(self, worker: str) -> set[tuple[str, frozenset[tuple[str, str]]]]:
        """The series of a worker, without its number."""
        return {
            (one.name, frozenset(one.labels.items()) - {("worker", worker)})
            for one in self.samples
            if one.labels["worker"] == worker
        }

    def balances(self, **labels: str) -> dict[str, tuple[float, float]]:
        """What came in, and what went out, is active or was lost; of all workers, or of one."""
        lost = {what: self.total("stream_lost_total", what=what, **labels) for what in ("connections", "requests")}
        return {
            "connections": (
                self.total("stream_connections_opened_total", **labels),
                self.total("stream_connection_closes_total", **labels)
                + self.total("stream_connections_active", **labels)
                + lost["connections"],
            ),
            "requests": (
                self.total("stream_requests_admitted_total", **labels),
                self.total("stream_requests_ended_total", **labels)
                + self.total("stream_requests_active", **labels)
                + lost["requests"],
            ),
        }


async def scrape(server: RunningServer) -> Scrape:
    """A scrape as that of Prometheus, by whichever worker accepts it. It must be valid."""
    async with httpx.AsyncClient(base_url=server.url, limits=WITHOUT_KEEP_ALIVE, timeout=60) as http:
        response = await http.get("/metrics", headers=OPENMETRICS)
    assert response.status_code == 200, response.text
    families = text_string_to_metric_families(response.text)  # type: ignore[no-untyped-call]
    return Scrape([sample for family in families for sample in family.samples])


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

"""What live streams add to a full run: producers that stall, are lost and are replaced, and readers of all kinds."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from streaming_content import Publisher
from tests.clients.direct import WITHOUT_KEEP_ALIVE
from tests.conftest import RunningServer
from tests.integration.access.users import bearer, entered
from tests.integration.observability.full_run import Signals, scrape
from tests.integration.observability.known_users import ISSUED, SCRAPER, token
from tests.waiting import eventually

LIVE: dict[str, object] = {**ISSUED, "LOG_LEVEL": "DEBUG", "DRAIN_SECONDS": 0}
_BACK_END = "publish"
_WRITERS = 20


async def publish_and_read(server: RunningServer, signals: Signals) -> None:
    """The server has ``LIVE`` and the keys of the issuer."""
    publisher = Publisher(server.url, token=token(scope=_BACK_END))
    await asyncio.gather(read_markdown(server, publisher, signals), lose_a_producer(server, publisher))
    await run_all(server, publisher, signals)
    signals.scrapes.append(await scrape(server, SCRAPER))
    server.stop()
    signals.lines += server.log


async def read_markdown(server: RunningServer, publisher: Publisher, signals: Signals) -> None:
    """One reader is there from the beginning and waits for a definition; one comes late and sees a guess replaced."""

    async def waits() -> bool:
        signals.scrapes.append(await scrape(server, SCRAPER))
        return value(signals, "stream_live_readers_awaiting_definition") > 0

    async with entered(server, "article", token()) as early, entered(server, "article", token()) as late:
        async with publisher.stream("article", content_type="markdown") as out:
            await out.write("A first paragraph.\n\nSee [the")
            await early.receive_until("chunk")
            await out.write(" notes][n], and *this")
            await late.receive_until("chunk")
            await late.send("watch", stream_id=out.stream_id, html_mode="incremental")
            await late.receive_until("chunk")
            await out.write(" text*.\n\nA title")
            while "title" not in (await late.receive_until("chunk"))[-1]["data"]:
                pass
            await out.write("\n===\n\nMore.\n\n")
            await eventually(waits)
            await out.write("[n]: https://example.com/notes\n\nThe end.")
        for reader in (early, late):
            await reader.receive_until("stream_complete")


async def lose_a_producer(server: RunningServer, publisher: Publisher) -> None:
    """It stalls, continues, is lost, and another one adopts its stream; it comes back too late."""
    async with calls(server) as http:
        assert (await http.post("/sessions/lost/streams", json={"content_type": "pdf"})).is_client_error
        created = (await http.post("/sessions/lost/streams", json={"content_type": "text"})).json()
        path = f"/streams/{created['stream_id']}/append"
        for offset in (0, 5):
            await http.post(path, params={"epoch": 0, "offset": offset}, content=b"Word ")
            await asyncio.to_thread(server.logged, "producer_stalled")
        await asyncio.to_thread(server.logged, "producer_continued")
        await asyncio.to_thread(server.logged, "producer_lost")
        async with publisher.adopt(created["stream_id"]) as out:
            refused = await http.post(path, params={"epoch": 0, "offset": 10}, content=b"Late")
            assert refused.status_code == 409
            await out.write("the end.")


async def run_all(server: RunningServer, publisher: Publisher, signals: Signals) -> None:
    """Producers write until a commit has ended while others wait for the next one."""

    async def write(number: int) -> None:
        async with publisher.stream(f"fast-{number}") as out:
            while True:
                await out.write("word ")
                await asyncio.sleep(0.005)

    async def some_wait() -> bool:
        signals.scrapes.append(await scrape(server, SCRAPER))
        return value(signals, "stream_live_undurable_bytes") > 0

    writing = asyncio.gather(*(write(number) for number in range(_WRITERS)))
    await eventually(some_wait)
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)


@asynccontextmanager
async def calls(server: RunningServer) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the calls of producers."""
    headers = bearer(token(scope=_BACK_END))
    async with httpx.AsyncClient(base_url=f"{server.url}/v1", limits=WITHOUT_KEEP_ALIVE, headers=headers) as http:
        yield http


def value(signals: Signals, name: str) -> float:
    """Of a metric without labels, in the last scrape; a scrape that shows nothing is not kept."""
    [metric] = [metric for metric in signals.scrapes[-1] if metric.name == name]
    [sample] = metric.samples
    if not sample.value:
        signals.scrapes.pop()
    return float(sample.value)

"""How scrapes share the interpreter with the streams."""

import asyncio
import threading

import httpx
from fastapi import FastAPI

from service.http.metrics_route import metrics_route
from tests.waiting import LIMIT_SECONDS

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


async def test_scrapes_that_arrive_during_a_scrape_share_the_next_one_of_their_format() -> None:
    begun, released = threading.Event(), threading.Event()
    scraped: list[str] = []

    def exposition(accept: str) -> tuple[bytes, str]:
        begun.set()
        assert released.wait(LIMIT_SECONDS), "the scrape blocked the event loop"
        scraped.append(accept)
        return f"{len(scraped)}: {accept}".encode(), "text/plain"

    app = FastAPI()
    app.include_router(metrics_route(exposition, None))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as client:
        scrapes = [asyncio.create_task(client.get("/metrics"))]
        assert await asyncio.to_thread(begun.wait, LIMIT_SECONDS)
        for accept in ("text/plain", OPENMETRICS):
            scrapes += [asyncio.create_task(client.get("/metrics", headers={"Accept": accept})) for _ in range(20)]
        await asyncio.sleep(0)  # each of them runs until it waits
        assert (await client.get("/openapi.json")).status_code == 200
        scrapes[1].cancel()  # a client that disconnects does not end the scrape of the others
        released.set()
        texts = [(await scrape).text for scrape in [scrapes[0], *scrapes[2:]]]
    assert texts == ["1: "] + ["2: "] * 19 + [f"3: {OPENMETRICS}"] * 20
    assert scraped == ["", "", OPENMETRICS]

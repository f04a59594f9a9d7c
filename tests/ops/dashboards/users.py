"""A second instance of the demo, for users with tokens, and what they do: all that the row on access shows."""

import asyncio
import itertools
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

import httpx

from streaming_content import StreamingError
from tests.backends.redis import Redis
from tests.clients.direct import handshake, request, until_closed
from tests.conftest import RunningServer
from tests.integration.access.users import bearer, entered
from tests.integration.observability.known_users import USERS, published_keys, token

_OUTAGE = 8
"""In one of this number of rounds the store of quotas does not answer."""


@contextmanager
def users_with_tokens(folder: Path, settings: Mapping[str, str]) -> Iterator[str]:
    """The address of the instance, which shows its metrics to the bearer of ``SCRAPER``."""
    over = threading.Event()
    redis = Redis(folder)
    with published_keys() as keys, ThreadPoolExecutor(1) as thread:
        own = {"AUTH_JWKS_URL": keys, "REDIS_URL": redis.url, "LOG_LEVEL": "WARNING"}
        server = RunningServer(folder, {**USERS, **settings, **own})
        users = thread.submit(asyncio.run, _come_and_go(server, redis, over))
        try:
            yield "{}:{}".format(*server.address)
        finally:
            over.set()
            users.result()
            server.stop()
            redis.stop()


async def _come_and_go(server: RunningServer, redis: Redis, over: threading.Event) -> None:
    """One round a second. The last one ends too: a connection that is cancelled stays open."""
    for number in itertools.takewhile(lambda _: not over.is_set(), itertools.count(1)):
        silent = redis.frozen() if number % _OUTAGE == 0 else nullcontext()
        with silent, suppress(StreamingError, OSError, httpx.HTTPError):
            await _round(server, f"t-{number}")
        await asyncio.sleep(1)


async def _round(server: RunningServer, token_id: str) -> None:
    await handshake(server, "/ws/stream/article", **bearer(token(aud="another")))
    async with entered(server, "article", token()) as client:
        await request(client, "A text.")  # more often than the quota allows
        await client.receive()
    async with entered(server, "article", token(exp=time.time() + 2)) as client:
        await until_closed(client)
    async with entered(server, "article", token()) as client:
        await client.send("auth_refresh", token=token(jti=token_id))
        await client.receive_until("auth_refreshed")
        async with httpx.AsyncClient(base_url=server.url, headers=bearer(token(scope="admin"))) as http:
            await http.post("/revocations", json={"token_id": token_id})
        await until_closed(client)

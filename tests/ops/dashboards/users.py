"""A second instance of the demo, for users with tokens, and what they do: all that the row on access shows."""

import asyncio
import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

import httpx

from streaming_content_client import StreamingError
from tests.backends.redis import Redis
from tests.clients.direct import handshake, request, until_closed
from tests.conftest import RunningServer
from tests.integration.access.users import bearer, entered
from tests.integration.observability.known_users import USERS, published_keys, token

_OUTAGE = 8
"""Every so many rounds the store of quotas does not answer for one."""


@contextmanager
def instance_for_users(folder: Path) -> Iterator[tuple[RunningServer, Redis]]:
    """The instance, which shows its metrics to the bearer of ``SCRAPER``, and its Redis."""
    redis = Redis(folder)
    with published_keys() as keys:
        server = RunningServer(folder, {**USERS, "AUTH_JWKS_URL": keys, "REDIS_URL": redis.url, "LOG_LEVEL": "WARNING"})
        try:
            yield server, redis
        finally:
            server.stop()
            redis.stop()


async def come_and_go(server: RunningServer, redis: Redis) -> None:
    """Run until cancelled: one round a second."""
    for number in itertools.count(1):
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

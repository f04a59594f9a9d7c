"""MAX_CONNECTIONS: a connection over the limit is refused, and the others are not affected."""

from contextlib import AsyncExitStack

from tests.clients.direct import DOCUMENT, get, joined, metric, stream, until_closed
from tests.conftest import StartServer
from tests.waiting import eventually


async def test_a_connection_over_the_limit_is_refused_until_another_one_closes(start_server: StartServer) -> None:
    server = start_server(MAX_CONNECTIONS=3)
    async with AsyncExitStack() as clients:
        first, *_ = [await clients.enter_async_context(joined(server, f"open-{number}")) for number in range(3)]

        async with joined(server, "fourth", wait_connected=False) as fourth:
            messages, code = await until_closed(fourth)
        [error] = messages
        assert (error["type"], error["code"], error["fatal"], error["retryable"]) == (
            "error",
            "OVER_CAPACITY",
            True,
            True,
        )
        assert code == 4101
        assert (await get(server, "/")).status_code == 200
        assert (await get(server, "/ready")).status_code == 200
        assert await metric(server, 'stream_connection_attempts_total{outcome="refused_capacity"}') == 1
        assert await stream(first, DOCUMENT) == DOCUMENT

        await first.close()

        async def has_free_capacity() -> bool:
            return await metric(server, "stream_connections_active") == 2

        await eventually(has_free_capacity)
        fourth = await clients.enter_async_context(joined(server, "fourth"))
        assert await stream(fourth, DOCUMENT) == DOCUMENT

"""A client that takes no data is cut after CHUNK_TIMEOUT, and nobody else notices."""

import asyncio
from itertools import pairwise

from tests.clients.direct import data, joined, metric, request, stalled
from tests.conftest import StartServer

CHUNK_TIMEOUT_SECONDS = 1
PACED_DOCUMENT = "word " * 100  # 3 s at superfast: the other client's whole stay


async def test_it_is_cut_and_delays_nobody(start_server: StartServer) -> None:
    server = start_server(CHUNK_TIMEOUT=CHUNK_TIMEOUT_SECONDS, SEND_BUFFER_SIZE=4096)
    now = asyncio.get_running_loop().time
    async with joined(server, "reader") as reader:
        await request(reader, PACED_DOCUMENT)
        messages = [await reader.receive()]
        arrivals = [now()]
        async with stalled(server, "stalled"):
            while messages[-1]["type"] != "stream_complete":
                messages.append(await reader.receive())
                arrivals.append(now())
            cut = await asyncio.to_thread(server.logged, "connection_closed", session_id="stalled")
    assert cut["reason"] == "slow_client"
    assert cut["seconds"] >= CHUNK_TIMEOUT_SECONDS
    assert await metric(server, 'stream_connection_closes_total{reason="slow_client"}') == 1
    assert data(messages) == PACED_DOCUMENT
    # Had a write waited for the stalled client, this one would have stood still for as long.
    assert max(after - before for before, after in pairwise(arrivals)) < CHUNK_TIMEOUT_SECONDS / 2

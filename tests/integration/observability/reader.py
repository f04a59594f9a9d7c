"""A client that measures for how long it waits."""

import time

from tests.clients.direct import joined, request
from tests.conftest import RunningServer


async def first_chunks(server: RunningServer, session_id: str, requests: int) -> list[tuple[str, float]]:
    """The trace of each stream, and the seconds from its request to its first chunk."""
    seen = []
    async with joined(server, session_id) as client:
        for _ in range(requests):
            asked_at = time.monotonic()
            await request(client, "# A title\n\nA text.", content_type="markdown")
            messages = await client.receive_until("chunk")
            seen.append((messages[0]["trace_id"], time.monotonic() - asked_at))
            await client.receive_until("stream_complete")
    return seen

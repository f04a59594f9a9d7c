"""A reader of a live stream that comes back as long as the stream has no end."""

import asyncio

from streaming_content import BackOff, ConnectFailed, ConnectionClosed, LiveStream, connect
from tests.waiting import LIMIT_SECONDS


async def read_to_end(address: str, session_id: str, live: LiveStream) -> None:
    """Read the stream over as many connections as it takes."""
    back_off = BackOff(longest=1)
    while not live.end:
        try:
            async with connect(address, session_id, timeout=LIMIT_SECONDS) as connection:
                await connection.resume(live)
                await live.read()
        except (ConnectFailed, ConnectionClosed) as error:
            await asyncio.sleep(back_off.next(error))

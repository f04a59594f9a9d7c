"""A producer or a reader of a live stream, to be killed: ``python -m tests.e2e.chaos.live_process ROLE ADDRESS …``.

- ``write ADDRESS SESSION KEY KIND [STREAM]`` creates the stream, or adopts it, and writes the rest of the source. It
  prints the id of the stream, and ``null`` when all is durable.
- ``read ADDRESS SESSION STREAM SETTLED`` watches the stream. It prints what it receives: of a beginning, how much of
  the content stays; of a chunk, where it begins (or nothing), the data and how much is settled; of the end, its type.
"""

import asyncio
import json
import sys
from contextlib import suppress

from streaming_content import (
    ConnectFailed,
    ConnectionClosed,
    LiveStream,
    Message,
    Publisher,
    PublishRefused,
    ReceiveTimeout,
    StreamEnded,
    connect,
)
from tests.e2e.chaos.live_sources import PUBLISH_TOKEN, SOURCES

_TOKEN_SECONDS = 0.004
_RETRY_SECONDS = 0.2


def write_line(*values: object) -> None:
    sys.stdout.write(f"{json.dumps(values)}\n")
    sys.stdout.flush()


async def write(address: str, session_id: str, key: str, kind: str, stream_id: str | None = None) -> None:
    publisher = Publisher(f"http://{address}", token=PUBLISH_TOKEN)
    new = publisher.stream(session_id, content_type=kind.split(maxsplit=1)[0], idempotency_key=key)
    with suppress(StreamEnded):  # by this producer, before it was killed
        try:
            async with new if stream_id is None else publisher.adopt(stream_id) as out:
                write_line(out.stream_id)
                rest = SOURCES[kind].encode()[out.offset :].decode()
                for first in range(0, len(rest), 4):
                    await out.write(rest[first : first + 4])
                    await asyncio.sleep(_TOKEN_SECONDS)
        except PublishRefused as refused:
            if refused.code != "ended":
                raise
    write_line(None)


class Printed(LiveStream):
    """Prints what it takes."""

    def take(self, message: Message, at: float) -> None:
        super().take(message, at)
        match message["type"]:
            case "stream_start":
                write_line("start", message.get("settled", 0))
            case "chunk":
                write_line("chunk", message.get("from"), message["data"], message.get("settled"))
            case "stream_complete" | "error" | "stream_cancelled":
                write_line("end", message["type"], message.get("code"))


async def read(address: str, session_id: str, stream_id: str, settled: str, html_mode: str) -> None:
    stream = Printed(stream_id, int(settled), html_mode=html_mode)
    while not stream.end:
        try:
            async with connect(f"ws://{address}", session_id) as connection:
                await connection.resume(stream)
                while not stream.end:
                    with suppress(ReceiveTimeout):
                        await connection.receive(5)
        except (ConnectFailed, ConnectionClosed):
            await asyncio.sleep(_RETRY_SECONDS)


if __name__ == "__main__":
    role, *arguments = sys.argv[1:]
    asyncio.run(write(*arguments) if role == "write" else read(*arguments))

"""Streams a Markdown file without a client library, and recovers if the connection is lost.

    .venv/bin/python examples/websocket.py README.md

Needs the package ``websockets``. The HTML goes to standard output, as it arrives.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from uuid import uuid4

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

RETRY_SECONDS = 0.5
ATTEMPTS = 60


async def stream(service: str, content: str) -> None:
    """Send one request and print its chunks; after a lost connection continue with the chunk that follows."""
    url = f"{service.replace('http', 'ws', 1)}/ws/stream/example-{uuid4().hex}"
    first = {"type": "stream_request", "content": content, "content_type": "markdown", "speed": "superfast"}
    stream_id, token, last_index = "", "", -1
    for _ in range(ATTEMPTS):
        try:
            async with connect(url) as socket:
                connected = json.loads(await socket.recv())
                recover = {"type": "recover", "stream_id": stream_id, "last_index": last_index, "token": token}
                await socket.send(json.dumps(recover if stream_id else first))
                token = connected["resume_token"]  # opens the streams of this connection, and those recovered onto it
                async for frame in socket:
                    match json.loads(frame):
                        case {"type": "stream_start", "stream_id": str(stream_id)}:
                            pass
                        case {"type": "chunk", "index": int(last_index), "data": str(data)}:
                            sys.stdout.write(data)
                            sys.stdout.flush()
                        case {"type": "stream_complete"}:
                            return
                        case {"type": "error", "code": code, "message": message}:
                            sys.exit(f"{code}: {message}")
                        case {"type": "stream_recovered", "recovered": False, "reason": reason}:
                            sys.exit(f"the stream cannot be recovered: {reason}")
        except (ConnectionClosed, InvalidStatus, OSError) as error:
            print(f"{error}; reconnecting", file=sys.stderr)  # noqa: T201 - a program for the terminal
        await asyncio.sleep(RETRY_SECONDS)
    sys.exit("the service is unavailable")


if __name__ == "__main__":
    asyncio.run(
        stream(
            os.environ.get("SERVICE", "http://127.0.0.1:8000"),
            Path(sys.argv[1] if len(sys.argv) > 1 else "README.md").read_text(),
        )
    )

"""Baseline (a): what a sensible person writes first.

A bare FastAPI socket under the uvicorn settings of the service. It sends the service's JSON with orjson and sleeps
until each chunk is due. It checks, limits and measures nothing, and listens to nobody in the middle of a stream.
"""

import asyncio
import os
import re
from datetime import UTC, datetime

import orjson
import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

from benchmarks.load import GAP_SECONDS


def _timestamp() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def _send(websocket: WebSocket, **message: object) -> None:
    await websocket.send_text(orjson.dumps(message).decode())


async def _stream(websocket: WebSocket, session_id: str) -> None:
    await websocket.accept()
    await _send(websocket, type="connected", session_id=session_id, timestamp=_timestamp())
    loop = asyncio.get_running_loop()
    try:
        while True:
            request = orjson.loads(await websocket.receive_text())
            chunks = re.findall(r"\S+\s*|\s+", request["content"])
            await _send(websocket, type="stream_start", total_chunks=len(chunks), timestamp=_timestamp())
            began = loop.time()
            for index, data in enumerate(chunks):
                await asyncio.sleep(began + index * GAP_SECONDS - loop.time())
                await _send(websocket, type="chunk", data=data, index=index, timestamp=_timestamp())
            await _send(websocket, type="stream_complete", total_chunks=len(chunks), timestamp=_timestamp())
    except WebSocketDisconnect:
        pass


async def _root() -> dict[str, str]:
    return {"status": "operational"}


def create_app() -> FastAPI:
    app = FastAPI()
    app.get("/")(_root)
    app.websocket("/ws/stream/{session_id}")(_stream)
    return app


if __name__ == "__main__":
    uvicorn.run(
        create_app(),
        host=os.environ["HOST"],
        port=int(os.environ["PORT"]),
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_ping_interval=20,
        access_log=False,
        log_level="warning",
    )

"""Baseline (a): a straightforward FastAPI implementation, under the uvicorn settings of the service.

It sends the JSON of the service with orjson and sleeps until each chunk is due. It has no checks, limits or metrics,
and reads no message during a stream.
"""

import asyncio
import os
import re
from datetime import UTC, datetime

import orjson
import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

from benchmarks.load import GAP_SECONDS

app = FastAPI()


@app.get("/")
async def root() -> dict[str, str]:
    return {"status": "operational"}


@app.websocket("/ws/stream/{session_id}")
async def stream(websocket: WebSocket, session_id: str) -> None:
    async def send(**message: object) -> None:
        timestamp = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        await websocket.send_text(orjson.dumps({**message, "timestamp": timestamp}).decode())

    await websocket.accept()
    await send(type="connected", session_id=session_id)
    loop = asyncio.get_running_loop()
    try:
        while True:
            request = orjson.loads(await websocket.receive_text())
            chunks = re.findall(r"\S+\s*|\s+", request["content"])
            await send(type="stream_start", total_chunks=len(chunks))
            began = loop.time()
            for index, data in enumerate(chunks):
                await asyncio.sleep(began + index * GAP_SECONDS - loop.time())
                await send(type="chunk", data=data, index=index)
            await send(type="stream_complete", total_chunks=len(chunks))
    except WebSocketDisconnect:
        pass


if __name__ == "__main__":
    uvicorn.run(
        app,
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

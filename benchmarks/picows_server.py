"""A peer: the least server for paced chunks with picows, one ticker, and messages that lack only the timestamp."""

import asyncio
import os
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

from service.protocol.messages import GAP_SECONDS, Speed

_TICK_SECONDS = 0.005


class _Stream:
    def __init__(self, send: Callable[[bytes], None], heads: list[bytes], gap_ticks: int) -> None:
        self.send = send
        self.heads = heads
        self.gap_ticks = gap_ticks
        self.index = 0


class _Ticker:
    """Sends the next message of every stream that is due, on an absolute grid."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._slots: dict[int, list[_Stream]] = {}
        self._turn = 0
        self._began = self._loop.time()
        self._tick()

    def add(self, stream: _Stream, ticks: int = 1) -> None:
        self._slots.setdefault(self._turn + ticks, []).append(stream)

    def _tick(self) -> None:
        tail = _timestamp() + b'"}'
        for stream in self._slots.pop(self._turn, ()):
            stream.send(stream.heads[stream.index] + tail)
            stream.index += 1
            if stream.index < len(stream.heads):
                self.add(stream, stream.gap_ticks)
        self._turn += 1
        self._loop.call_at(self._began + self._turn * _TICK_SECONDS, self._tick)


class _Connection(WSListener):
    def __init__(self, ticker: _Ticker, plans: dict[str, list[bytes]]) -> None:
        self._ticker = ticker
        self._plans = plans
        self._closed = False

    def on_ws_connected(self, transport: WSTransport) -> None:
        transport.send(WSMsgType.TEXT, b'{"type":"connected"}')

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._closed = True

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is WSMsgType.CLOSE:
            transport.disconnect()
            return
        request = msgspec.json.decode(frame.get_payload_as_bytes())
        heads = self._plans.get(request["content"])
        if heads is None:
            heads = self._plans[request["content"]] = _heads(request["content"])
        gap_ticks = round(GAP_SECONDS[Speed(request["speed"])] / _TICK_SECONDS)

        def send(message: bytes) -> None:
            if not self._closed:
                transport.send(WSMsgType.TEXT, message)

        self._ticker.add(_Stream(send, heads, gap_ticks))


def _heads(content: str) -> list[bytes]:
    """The messages of a content up to their timestamps."""
    messages = (
        msgspec.json.encode({"type": "chunk", "data": word + " ", "index": index, "timestamp": ""})
        for index, word in enumerate(content.split())
    )
    return [message.removesuffix(b'"}') for message in messages]


def _timestamp() -> bytes:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z").encode()


async def main() -> None:
    ticker, plans = _Ticker(), dict[str, list[bytes]]()

    def connect(_request: WSUpgradeRequest) -> WSListener:
        return _Connection(ticker, plans)

    server = await ws_create_server(connect, os.environ["HOST"], int(os.environ["PORT"]), backlog=2048)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())

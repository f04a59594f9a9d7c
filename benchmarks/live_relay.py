"""The relay: the least work that a Python process can do to pass a token on.

A uvloop protocol with the sockets of the service for producers and readers: one frame in, one frame out. It stores
nothing, checks nothing and has no pace: the difference to it is what the service does for its producers and readers.
"""

import asyncio
import base64
import hashlib
import os
import re
from typing import cast

import orjson
import uvloop

_KEY = re.compile(rb"sec-websocket-key: *([^\r]+)", re.IGNORECASE)
_TARGET = re.compile(rb"(?:GET|POST) (?:/ws/(stream|publish)/|/v1/sessions/)([^/? ]+)")
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_SHORT = 126
_MASKED_HEAD = 6
"""Bytes before the payload of a short masked frame."""


def _frame(**message: object) -> bytes:
    payload = orjson.dumps(message)
    length = len(payload)
    return (bytes((0x81, length)) if length < _SHORT else b"\x81\x7e" + length.to_bytes(2)) + payload


class Connection(asyncio.Protocol):
    """One socket: of a reader, of a producer, or of the calls that create streams."""

    transport: asyncio.Transport

    def __init__(self, readers: dict[bytes, "Connection"]) -> None:
        self._readers = readers
        """By session, which is also the id of its stream."""
        self._data = b""
        self._stream = b""
        """Of a producer."""
        self._publishes = False
        self.index = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # that of uvloop has all methods but not the base class

    def data_received(self, data: bytes) -> None:
        if self._publishes:
            self._data += data
            self._relay()
        elif data.startswith((b"GET", b"POST")):
            self._respond(data)

    def _respond(self, head: bytes) -> None:
        target = _TARGET.match(head)
        if target is None:  # whether it is ready
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            return
        kind, name = target.groups()
        if kind is None:
            body = orjson.dumps({"stream_id": name.decode(), "epoch": 0, "offset": 0})
            self._readers[name].transport.write(_frame(type="stream_start", stream_id=name.decode(), live=True))
            self.transport.write(b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            return
        key = _KEY.search(head)
        assert key is not None, head
        accept = base64.b64encode(hashlib.sha1(key[1] + _GUID, usedforsecurity=False).digest())
        self.transport.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )
        if kind == b"stream":
            self._readers[name] = self
            self.transport.write(_frame(type="connected"))
        else:
            self._stream, self._publishes = name, True
            self.transport.write(_frame(type="ack", accepted=0, durable=0))

    def _relay(self) -> None:
        """Pass on the short frames that are complete: their payload is masked."""
        data, at = self._data, 0
        while len(data) - at >= _MASKED_HEAD:
            length = data[at + 1] & 0x7F
            head, size = (2, length) if length < _SHORT else (4, int.from_bytes(data[at + 2 : at + 4]))
            end = at + head + 4 + size
            if end > len(data):
                break
            mask = data[at + head : at + head + 4]
            payload = data[at + head + 4 : end]
            whole = int.from_bytes(payload) ^ int.from_bytes((mask * (size // 4 + 1))[:size])
            message = orjson.loads(whole.to_bytes(size))
            reader = self._readers[self._stream]
            reader.transport.write(_frame(type="chunk", data=message["data"], index=reader.index))
            reader.index += 1
            sent = message["offset"] + len(message["data"])
            self.transport.write(_frame(type="ack", accepted=sent, durable=sent))
            at = end
        self._data = data[at:]


async def main() -> None:
    readers: dict[bytes, Connection] = {}
    address = os.environ["HOST"], int(os.environ["PORT"])
    loop = asyncio.get_running_loop()
    await (await loop.create_server(lambda: Connection(readers), *address, backlog=2048)).serve_forever()


if __name__ == "__main__":
    uvloop.run(main())

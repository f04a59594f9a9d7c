"""What the load client sees of one connection."""

import asyncio
import time
from array import array

import msgspec
from picows import WSFrame, WSListener, WSMsgType, WSTransport

from benchmarks.load import CHUNK_CHARACTERS

SILENCE_SECONDS = 1
"""Far beyond the gap of a server that is merely too slow."""

CHUNK_PREFIX = b'{"type":"chunk"'


class Window:
    """What was seen of all streams: the gaps between chunks that arrived while it was open, and how long each took."""

    def __init__(self, chunk_characters: int = CHUNK_CHARACTERS) -> None:
        self.is_open = False
        self.gaps = array("d")
        self.starts = array("d")
        """From a request to its beginning."""
        self.wholes = array("d")
        """From a request to its end."""
        self.chunk_characters = chunk_characters


class Listener(WSListener):
    """One connection, from its handshake on."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.connected = asyncio.Event()
        self.streaming = asyncio.Event()
        self.complete = asyncio.Event()
        self.chunks = 0
        self.requested_at = 0.0
        self.arrived_at = 0.0
        self.message = b""
        """The last chunk's."""
        self.fault: str | None = None

    def request(self, transport: WSTransport, request: bytes) -> None:
        """Ask for a stream, the one before being over."""
        self.chunks = 0
        self.complete.clear()
        self.requested_at = time.perf_counter()
        transport.send(WSMsgType.TEXT, request)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        now = time.perf_counter()
        message = frame.get_payload_as_bytes()
        if not message.startswith(CHUNK_PREFIX):
            self._other_messages(frame, message, now)
            return
        if not self.chunks:
            self.streaming.set()
        elif self.window.is_open:
            self.window.gaps.append(now - self.arrived_at)
        self.arrived_at = now
        self.chunks += 1
        self.message = message

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._fail("the server closed the connection")

    def _other_messages(self, frame: WSFrame, message: bytes, now: float) -> None:
        if frame.msg_type is not WSMsgType.TEXT:
            return  # a ping, which is answered by the library, or a close, which ends in on_ws_disconnected
        kind = msgspec.json.decode(message)["type"]
        if kind == "connected":
            self.connected.set()
        elif kind == "stream_start":
            self.window.starts.append(now - self.requested_at)
        elif kind == "stream_complete":
            self.window.wholes.append(now - self.requested_at)
            self.complete.set()
        else:
            self._fail(f"the server sent {message[:200]!r}")

    def _fail(self, fault: str) -> None:
        self.fault = self.fault or fault
        self.connected.set()
        self.streaming.set()
        self.complete.set()

    def check(self) -> None:
        """Nothing went wrong so far."""
        if self.fault:
            raise SystemExit(self.fault)

    def check_chunks(self, now: float) -> None:
        """The stream is still running, and every chunk so far arrived, of the size that was asked for."""
        if self.complete.is_set():
            raise SystemExit(self.fault or "a stream ended early")
        if now - self.arrived_at > SILENCE_SECONDS:
            raise SystemExit(f"a stream fell silent after {self.chunks} chunks")
        self.check_last()

    def check_last(self) -> None:
        """Every chunk so far arrived, of the size that was asked for."""
        self.check()
        last = msgspec.json.decode(self.message)
        if last["index"] + 1 != self.chunks or len(last["data"]) != self.window.chunk_characters:
            raise SystemExit(f"{self.chunks} chunks arrived, the last is {last}")

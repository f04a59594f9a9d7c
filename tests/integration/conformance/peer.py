"""The client that the cases of the Autobahn test suite drive; its public names and their meanings are Autobahn's."""

# ruff: noqa: N802, N803, N815, PLR0917 - the names and the arguments of Autobahn

import asyncio
import secrets
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from msgspec import Struct
from websockets.frames import Opcode
from websockets.speedups import apply_mask

from service.protocol.close_codes import CloseCode

_LIMIT_SECONDS = 60
"""A case that takes longer than its slowest waits for something that does not come."""

_LOOK_SECONDS = 0.1

_HANDSHAKE = (
    "GET / HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


class Verdict(Struct, frozen=True):
    """The result of a case."""

    behavior: str
    close: str
    explanation: str

    @property
    def passed(self) -> bool:
        """Not strict: for example, a close before the answer to an earlier message."""
        return self.behavior in {"OK", "NON-STRICT", "INFORMATIONAL"} and self.close in {"OK", "INFORMATIONAL"}


class _Factory:
    isServer = False


class Peer:
    """One connection. Text is a string of bytes: each character is the byte with its number."""

    STATE_CLOSED, STATE_CLOSING, STATE_OPEN = range(3)

    CLOSE_STATUS_CODE_NORMAL = 1000
    CLOSE_STATUS_CODE_PROTOCOL_ERROR = 1002
    CLOSE_STATUS_CODE_INVALID_PAYLOAD = 1007

    factory = _Factory()

    def __init__(
        self, case: Callable[["Peer"], Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.state = self.STATE_OPEN
        self.connectionWasOpen = True
        self.closedByMe = self.failedByMe = self.droppedByMe = self.wasClean = False
        self.localCloseReason: str | None = None
        self.remoteCloseCode: int | None = None
        self.createWirelog = True
        self.autoFragmentSize = 0
        self.txFrameStats: dict[int, int] = {Opcode.CONT: 0, Opcode.TEXT: 0, Opcode.BINARY: 0}
        self._reader = reader
        self._writer = writer
        self._outgoing: asyncio.Queue[bytes] = asyncio.Queue()
        self._timers: list[asyncio.TimerHandle] = []
        self._mask = bytes(4)
        self._masked = 0
        self._case = case(self)

    async def run(self) -> Verdict:
        """Return when the connection has ended."""
        writing = asyncio.create_task(self._write())
        try:
            self._case.onOpen()
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                await self._read()
        finally:
            writing.cancel()
            for timer in self._timers:
                timer.cancel()
            self._writer.transport.abort()
            with suppress(ConnectionError):
                await self._writer.wait_closed()
        case = self._case
        case.onConnectionLost(self.failedByMe)
        return Verdict(case.behavior, case.behaviorClose, f"{case.result} {case.resultClose}")

    # Called by cases

    def sendFrame(
        self,
        opcode: int,
        payload: str = "",
        fin: bool = True,  # noqa: FBT002 - Autobahn's
        rsv: int = 0,
        payload_len: int | None = None,
        chopsize: int | None = None,
        sync: bool = False,  # noqa: FBT002 - Autobahn's; here each frame is one write
    ) -> None:
        if payload_len is not None:
            payload = (payload * (payload_len // len(payload) + 1))[:payload_len]
        self._send(self._frame(opcode, payload, fin=fin, rsv=rsv), chopsize)

    def sendMessage(self, payload: str, isBinary: bool = False, fragmentSize: int | None = None) -> None:  # noqa: FBT002
        size = fragmentSize or self.autoFragmentSize or max(1, len(payload))
        starts = range(0, max(1, len(payload)), size)
        kind = Opcode.BINARY if isBinary else Opcode.TEXT
        frames = [
            self._frame(Opcode.CONT if start else kind, payload[start : start + size], fin=start == starts[-1])
            for start in starts
        ]
        self._send(b"".join(frames))

    def beginMessage(self) -> None:
        """The frame begins the message."""

    def beginMessageFrame(self, length: int) -> None:
        self._mask, self._masked = secrets.token_bytes(4), 0
        self._send(_header(Opcode.TEXT, length, fin=False) + self._mask)

    def sendMessageFrameData(self, payload: str) -> None:
        turned = self._masked % 4
        self._masked += len(payload)
        self._send(apply_mask(payload.encode("latin-1"), self._mask[turned:] + self._mask[:turned]))

    def endMessage(self) -> None:
        self.sendFrame(Opcode.CONT)

    def sendClose(self, code: int | None = None, reason: str | None = None) -> None:
        if self.state == self.STATE_OPEN:
            self.sendCloseFrame(code, reason)

    def sendCloseFrame(self, code: int | None = None, reasonUtf8: str | None = None) -> None:
        self.closedByMe = True
        self.state = self.STATE_CLOSING
        self.localCloseReason = reasonUtf8
        packed = b"" if code is None else struct.pack("!H", code)
        self.sendFrame(Opcode.CLOSE, packed.decode("latin-1") + (reasonUtf8 or ""))

    def continueLater(self, seconds: float, function: Callable[[], None], tag: str | None = None) -> None:
        self._later(seconds, function)

    def closeAfter(self, seconds: float) -> None:
        """Close after ``seconds``, or when the expected messages have arrived, if that is later."""
        self._later(seconds, self._close_when_answered)

    def killAfter(self, seconds: float) -> None:
        """Fail the connection when the service does nothing. A busy machine may need longer than ``seconds``."""
        self._later(max(seconds, _LIMIT_SECONDS), self._fail)

    def enableWirelog(self, enable: bool) -> None:
        """There is no log."""

    # Internals

    def _frame(self, opcode: int, payload: str, *, fin: bool, rsv: int = 0) -> bytes:
        self.txFrameStats[opcode] = self.txFrameStats.get(opcode, 0) + 1
        mask = secrets.token_bytes(4)
        header = _header(opcode, len(payload), fin=fin, rsv=rsv)
        return header + mask + apply_mask(payload.encode("latin-1"), mask)

    def _send(self, data: bytes, chopsize: int | None = None) -> None:
        size = chopsize or len(data)
        for start in range(0, len(data), size):
            self._outgoing.put_nowait(data[start : start + size])

    async def _write(self) -> None:
        with suppress(ConnectionError):
            while True:
                self._writer.write(await self._outgoing.get())
                await self._writer.drain()
                await asyncio.sleep(0)  # the next one is another packet

    async def _read(self) -> None:
        """Raises ``IncompleteReadError`` or ``ConnectionError`` when the connection has ended."""
        parts: list[bytes] = []
        kind = 0
        while True:
            first, second = await self._reader.readexactly(2)
            assert first & 0x70 == second & 0x80 == 0, "a reserved bit, or a mask"
            length = second
            if length > 125:
                width = {126: 2, 127: 8}[length]
                length = int.from_bytes(await self._reader.readexactly(width))
            payload = await self._reader.readexactly(length)
            opcode = first & 0x0F
            if self.state == self.STATE_CLOSED:
                continue
            match opcode:
                case 0x0 | 0x1 | 0x2:
                    kind = opcode or kind
                    parts.append(payload)
                    if first & 0x80:
                        message, parts = b"".join(parts).decode("latin-1"), []
                        self._case.onMessage(message, kind == Opcode.BINARY)
                case 0x8:
                    self._closed(payload)
                case 0x9:
                    self.sendFrame(Opcode.PONG, payload.decode("latin-1"))
                case 0xA:
                    self._case.onPong(payload.decode("latin-1"))

    def _closed(self, payload: bytes) -> None:
        self.remoteCloseCode = int.from_bytes(payload[:2]) if payload else None
        if self.state == self.STATE_OPEN:
            self.sendFrame(Opcode.CLOSE, payload[:2].decode("latin-1"))
        self.state = self.STATE_CLOSED
        self.wasClean = True
        self._later(_LIMIT_SECONDS, self._drop)

    def _later(self, seconds: float, function: Callable[[], None]) -> None:
        self._timers.append(asyncio.get_running_loop().call_later(seconds, function))

    def _close_when_answered(self) -> None:
        case = self._case
        if self.state != self.STATE_OPEN:
            return
        if case.OK not in case.expected or case.received == case.expected[case.OK]:
            self.sendClose(self.CLOSE_STATUS_CODE_NORMAL)
        else:
            self._later(_LOOK_SECONDS, self._close_when_answered)

    def _fail(self) -> None:
        self.failedByMe = True
        if self.state == self.STATE_OPEN:
            self.sendClose(CloseCode.PEER_LEFT)
        else:
            self._drop()

    def _drop(self) -> None:
        self.droppedByMe = True
        self._writer.transport.abort()


def _header(opcode: int, length: int, *, fin: bool, rsv: int = 0) -> bytes:
    first = fin << 7 | rsv << 4 | opcode
    if length < 126:
        return struct.pack("!BB", first, 0x80 | length)
    if length < 65_536:
        return struct.pack("!BBH", first, 0x80 | 126, length)
    return struct.pack("!BBQ", first, 0x80 | 127, length)


async def run_case(case: Callable[[Peer], Any], host: str, port: int) -> Verdict:
    """Run a case on a new connection."""
    reader, writer = await asyncio.open_connection(host, port, limit=2**25)
    writer.write(_HANDSHAKE.format(host=f"{host}:{port}").encode())
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 "), head
    return await Peer(case, reader, writer).run()

"""The sending end of a Unix datagram socket of another process."""

import asyncio
import socket
from collections import deque
from pathlib import Path

_BACKLOG_BYTES = 1_048_576
"""A peer that is further behind loses what follows: it reads the store when it sees the gap."""


class PeerGone(Exception):
    """No process has the socket open."""


class LocalPeer:
    """Sends datagrams in order. What the kernel does not take waits; what exceeds the backlog is dropped."""

    __slots__ = ("_backlog", "_backlog_bytes", "_loop", "_socket")

    def __init__(self, path: Path) -> None:
        """Raises ``PeerGone``, and ``OSError`` if it cannot be connected now."""
        self._loop = asyncio.get_running_loop()
        self._backlog: deque[bytes] = deque()
        self._backlog_bytes = 0
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)  # noqa: FBT003 - the library takes it so
            self._socket.connect(str(path))
        except ConnectionRefusedError as error:
            self._socket.close()
            raise PeerGone from error
        except OSError:
            self._socket.close()
            raise

    def send(self, datagram: bytes) -> None:
        """Send it now or later. Never blocks. Raises ``PeerGone``."""
        if not self._backlog and self._sent(datagram):
            return
        if self._backlog_bytes + len(datagram) > _BACKLOG_BYTES:
            return
        if not self._backlog:
            self._loop.add_writer(self._socket.fileno(), self._drain)
        self._backlog.append(datagram)
        self._backlog_bytes += len(datagram)

    def close(self) -> None:
        """Drop what waits."""
        self._loop.remove_writer(self._socket.fileno())
        self._backlog.clear()
        self._socket.close()

    def _drain(self) -> None:
        try:
            while self._backlog and self._sent(self._backlog[0]):
                self._backlog_bytes -= len(self._backlog.popleft())
        except PeerGone:  # the next call of ``send`` raises it
            self._backlog.clear()
            self._backlog_bytes = 0
        if not self._backlog:
            self._loop.remove_writer(self._socket.fileno())

    def _sent(self, datagram: bytes) -> bool:
        """Return whether the kernel took it, or never will. Raises ``PeerGone``."""
        try:
            self._socket.send(datagram)
        except BlockingIOError:
            return False
        except ConnectionError as error:
            raise PeerGone from error
        except OSError:  # larger than the send buffer: the peer sees a gap, and reads the store
            pass
        return True

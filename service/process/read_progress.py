"""Whether the client of a TCP connection reads what it is sent."""

import asyncio
import socket
import sys
from collections.abc import Callable
from typing import Protocol

_END = 128
"""Of the fields of ``struct tcp_info`` in linux/tcp.h up to ``tcpi_bytes_received``; Linux never moves one."""
_ACKNOWLEDGED = slice(120, 128)


class TcpSocket(Protocol):
    """What is used of a socket."""

    def getsockopt(self, level: int, option: int, buflen: int, /) -> bytes: ...


class ReadProgress:
    """Notices a client that reads nothing for a time in which something waits for it."""

    def __init__(self, transport: asyncio.Transport, stall_seconds: float, on_stalled: Callable[[], None]) -> None:
        self._transport = transport
        self._stall_seconds = stall_seconds
        self._on_stalled = on_stalled
        self._timer: asyncio.TimerHandle | None = None

    def watch(self) -> None:
        """Something may wait. A second call changes nothing."""
        if self._timer is None and self._transport.get_write_buffer_size():
            self._start_timer()

    def stop(self) -> None:
        """Notice nothing more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _start_timer(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._stall_seconds, self._check, self._progress())

    def _check(self, before: int) -> None:
        self._timer = None
        if not self._transport.get_write_buffer_size():
            return
        if self._progress() > before:
            self._start_timer()
        else:
            self._on_stalled()

    def _progress(self) -> int:
        """A number that grows when the client reads.

        What waits in the process does not show it, as more may be written at the same time; nor does the kernel take
        more with each byte that leaves.
        """
        acknowledged = acknowledged_bytes(self._transport.get_extra_info("socket"))
        return -self._transport.get_write_buffer_size() if acknowledged is None else acknowledged


def acknowledged_bytes(connection: TcpSocket) -> int | None:
    """Return the bytes that the other end has acknowledged since the start; ``None`` where that is not known."""
    if sys.platform != "linux":
        return None
    try:
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _END)
    except (OSError, ValueError):  # the latter by uvloop, of a socket that is closed
        return None
    return int.from_bytes(info[_ACKNOWLEDGED], sys.byteorder) if len(info) == _END else None


def end_unacknowledged(connection: socket.socket, seconds: float) -> None:
    """Let the system end the connection when the other end has taken nothing of what was sent for this time.

    It is noticed also if nothing waits in the process: else a client whose network has vanished would remain for a
    quarter of an hour. Without effect where the system has no such limit.
    """
    if sys.platform == "linux":
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, max(1, round(1000 * seconds)))

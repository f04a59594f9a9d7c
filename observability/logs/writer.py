"""The way out of log lines, which never makes anybody wait."""

import os
import select
import threading
from collections import deque
from collections.abc import Callable
from itertools import accumulate

_MAX_LINES = 10_000
_MAX_BYTES = 4 * 1024 * 1024
_LINGER_SECONDS = 0.02
"""How long a line may wait for others to leave with it: waking a thread costs more than writing a line."""

_RETRY_SECONDS = 0.5
"""How long a descriptor that refused is left alone."""


class LineWriter:
    """Writes lines to a file descriptor, in order, from a daemon thread of its own.

    ``write`` may be called from any thread and only queues. When the queue is full, or the descriptor refuses, lines
    are lost, and ``on_lost`` is told how many, from whichever thread finds out. From the first line lost until the
    queue is empty all others are lost too, so that the gap is one; ``notice(count)`` is then written in its place.

    It writes to the descriptor and not to ``sys.stdout``, whose flush at the interpreter's exit would wait for a stuck
    reader. It never writes more than ``PIPE_BUF`` at once except for a single line that is longer, so that the lines
    of several processes on one pipe do not cut one another.
    """

    def __init__(
        self,
        descriptor: int,
        notice: Callable[[int], bytes],
        on_lost: Callable[[int], None],
        max_lines: int = _MAX_LINES,
        max_bytes: int = _MAX_BYTES,
    ) -> None:
        self._descriptor = descriptor
        self._notice = notice
        self._on_lost = on_lost
        self._max_lines = max_lines
        self._max_bytes = max_bytes
        self._lock = threading.RLock()  # a warning out of a finaliser may come in the middle of all this
        self._changed = threading.Condition(self._lock)
        self._lines: deque[bytes] = deque()
        self._bytes = 0
        """Of the lines that wait."""
        self._leaving = 0
        """Lines that the thread is writing."""
        self._unannounced = 0
        """Lines lost since the last notice; while there are any, no other is taken."""
        self._announced = 0
        """Lines lost of which the notice is being written."""
        self._idle = False
        self._closed = False
        self._given_up = False
        self._torn = False
        """Whether the last thing written was a part of a line."""
        self._thread = threading.Thread(target=self._run, name="log writer", daemon=True)
        self._thread.start()

    def write(self, line: bytes) -> None:
        """Queue a line, which ends in a newline, or lose it."""
        with self._lock:
            full = len(self._lines) >= self._max_lines or self._bytes + len(line) > self._max_bytes
            lost = full or self._unannounced > 0 or self._closed
            if lost:
                self._unannounced += 1
            else:
                self._lines.append(line)
                self._bytes += len(line)
            if self._idle:
                self._idle = False
                self._changed.notify()
        if lost:
            self._on_lost(1)

    def close(self, seconds: float) -> None:
        """Write what is queued for at most so long; what is then left is lost, as is every later line."""
        with self._lock:
            self._closed = True
            self._changed.notify()
        self._thread.join(seconds)
        with self._lock:
            self._given_up = True
            left = len(self._lines) + self._leaving
            self._lines.clear()
            self._leaving = 0
        if left:
            self._on_lost(left)

    def _run(self) -> None:
        while batch := self._next():
            unwritten = self._put(batch)
            if unwritten and not self._bear(unwritten):
                return

    def _next(self) -> list[bytes]:
        """What is to be written together, waited for; nothing once the writer is closed and all is written."""
        with self._lock:
            self._leaving = self._announced = 0
            if not (self._lines or self._unannounced or self._closed):
                self._idle = True
                self._changed.wait_for(lambda: self._closed or not self._idle)
                self._changed.wait_for(lambda: self._closed, _LINGER_SECONDS)
            if self._given_up:
                return []
            if self._lines:
                return self._batch()
            if self._unannounced:
                self._announced, self._unannounced = self._unannounced, 0
                return [self._notice(self._announced)]
            return []

    def _batch(self) -> list[bytes]:
        batch: list[bytes] = []
        size = 0
        while self._lines and (not batch or size + len(self._lines[0]) <= select.PIPE_BUF):
            batch.append(self._lines.popleft())
            size += len(batch[-1])
        self._bytes -= size
        self._leaving = len(batch)
        return batch

    def _put(self, batch: list[bytes]) -> int:
        """Write the lines; how many the descriptor did not take whole."""
        text = b"".join(batch)
        rest = memoryview(b"\n" + text if self._torn else text)
        while rest and not self._given_up:
            try:
                rest = rest[os.write(self._descriptor, rest) :]
            except BlockingIOError:  # somebody made the descriptor non-blocking
                room = select.poll()
                room.register(self._descriptor, select.POLLOUT)
                room.poll(_RETRY_SECONDS * 1000)
            except OSError:  # no reader, no space, no descriptor; that may pass
                break
        written = max(0, len(text) - len(rest))
        if written:
            self._torn = text[written - 1] != ord("\n")
        return sum(end > written for end in accumulate(map(len, batch)))

    def _bear(self, unwritten: int) -> bool:
        """Count lines that the descriptor refused and leave it alone for a while; whether to go on."""
        with self._lock:
            if self._given_up:  # close() has counted them
                return False
            lost = 0 if self._announced else unwritten
            self._unannounced += self._announced or unwritten
            self._leaving = 0
        if lost:
            self._on_lost(lost)
        with self._lock:
            return not self._changed.wait_for(lambda: self._closed, _RETRY_SECONDS)

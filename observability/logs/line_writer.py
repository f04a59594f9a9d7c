"""Log lines on their way to a file descriptor, written by a thread that no caller waits for."""

import math
import os
import select
from collections.abc import Callable, Sequence
from itertools import accumulate

from service.process.background_worker import BackgroundWorker

_MAX_LINES = 10_000
_MAX_BYTES = 4 * 1024 * 1024
_LINGER_SECONDS = 0.02
"""How long a line may wait for others to be written with it: waking a thread costs more than writing a line."""
_RETRY_SECONDS = 0.5
"""The pause after the descriptor refused lines."""


class LineWriter:
    """Writes lines to a file descriptor, in order.

    ``write`` may be called from any thread and only queues. When the queue is full, or the descriptor refuses, lines
    are lost, and ``on_lost`` receives their number. From the first line lost until the queue is empty all others are
    lost too, so that there is one gap; ``notice(count)`` is then written in its place.

    It writes to the descriptor and not to ``sys.stdout``, whose flush at the exit of the interpreter would wait for a
    stuck reader. It never writes more than ``PIPE_BUF`` at once except for a single line that is longer, so that lines
    of several processes on one pipe are not interleaved.
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
        self._max_bytes = max_bytes
        self._bytes = 0
        """Of the queued lines; read and written with the lock of the worker held, as is the gap."""
        self._gap = 0
        """Lines lost since the last notice; while there are any, no line is queued."""
        self._cut = False
        """Whether the last line was written in part."""
        self._worker = BackgroundWorker[bytes](
            "log writer",
            self._write_lines,
            max_items=max_lines,
            on_dropped=on_lost,
            batch_size=_lines_of_one_write,
            linger_seconds=_LINGER_SECONDS,
            linger_items=max_lines,
            periodic=self._write_notice,
            periodic_delay_seconds=math.inf,
            finish=self._write_notice,
        )
        self._worker.start()

    def write(self, line: bytes) -> None:
        """Queue a line, which ends in a newline, or lose it."""
        with self._worker.lock:
            fits = self._bytes == 0 or self._bytes + len(line) <= self._max_bytes
            queued = fits and self._gap == 0 and self._worker.put(line)
            if queued:
                self._bytes += len(line)
            else:
                self._gap += 1
                if self._gap == 1:
                    self._worker.wake()
        if not queued:
            self._on_lost(1)

    def close(self, seconds: float) -> None:
        """Write what is queued, for at most this time; the rest is lost, as is every later line."""
        self._worker.close(seconds)

    # In the thread

    def _write_lines(self, lines: Sequence[bytes]) -> None:
        text = b"".join(lines)
        with self._worker.lock:
            self._bytes -= len(text)
        written = self._write(text)
        lost = sum(end > written for end in accumulate(map(len, lines)))
        if lost and not self._worker.abandoned:  # else ``close`` has counted them
            with self._worker.lock:
                self._gap += lost
            self._on_lost(lost)
            self._worker.pause(_RETRY_SECONDS)
        if self._gap:
            self._worker.wake()

    def _write_notice(self) -> float:
        """Write the notice of a gap once the queue is empty; return the seconds until the next attempt."""
        with self._worker.lock:
            gap = 0 if self._worker.queued else self._gap
        if gap == 0 or self._worker.abandoned:
            return math.inf
        notice = self._notice(gap)
        if self._write(notice) < len(notice):
            return _RETRY_SECONDS
        with self._worker.lock:
            self._gap -= gap
            return 0.0 if self._gap else math.inf

    def _write(self, text: bytes) -> int:
        """Write the text, on a new line if the last one was cut; return how much of it the descriptor accepted."""
        rest = memoryview(b"\n" + text if self._cut else text)
        while rest and not self._worker.abandoned:
            try:
                rest = rest[os.write(self._descriptor, rest) :]
            except BlockingIOError:  # another program has made the descriptor non-blocking
                writable = select.poll()
                writable.register(self._descriptor, select.POLLOUT)
                writable.poll(_RETRY_SECONDS * 1000)
            except OSError:  # no reader, no space, no descriptor; that may pass
                break
        written = max(0, len(text) - len(rest))
        if written:
            self._cut = text[written - 1] != ord("\n")
        return written


def _lines_of_one_write(lines: Sequence[bytes]) -> int:
    size = 0
    for count, line in enumerate(lines):
        size += len(line)
        if size > select.PIPE_BUF:
            return max(1, count)
    return len(lines)

"""The stack of a process that may not run Python any more, read from outside."""

import faulthandler
import os
import re
import signal
from multiprocessing.connection import Connection

STACK_SIGNAL = signal.SIGUSR2
"""Upon it a worker writes the stack of its main thread."""

_WAIT_SECONDS = 0.5
_PAUSE_SECONDS = 0.05
"""The writer is done when nothing arrives for as long."""
_FRAME = re.compile(r'^  File "(?:[^"]*/)?([^"/]*)", line (\d+) in (.*)$', re.MULTILINE)
_MOST_FRAMES = 12


def enable_stack_dump(writer: Connection) -> None:
    """Write the stack to ``writer``, which must stay open, whenever this process receives the signal."""
    faulthandler.register(STACK_SIGNAL, file=writer.fileno(), all_threads=False)


def request_stack(pid: int, reader: Connection) -> str:
    """The calls of the main thread of a process, the innermost first; empty if it does not react within half a second.

    A process that has not called ``enable_stack_dump`` is killed by the signal.
    """
    os.kill(pid, STACK_SIGNAL)
    dump, wait_seconds = b"", _WAIT_SECONDS
    while reader.poll(wait_seconds) and (part := os.read(reader.fileno(), 65_536)):
        dump, wait_seconds = dump + part, _PAUSE_SECONDS
    frames = [f"{function} ({file}:{line})" for file, line, function in _FRAME.findall(dump.decode(errors="replace"))]
    return " < ".join(frames[:_MOST_FRAMES])

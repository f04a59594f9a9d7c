"""The content process: prepares one request after the other, under limits of the operating system.

Run with the descriptor of a socket of ``multiprocessing.connection``. The first message has the limits and the rules;
then each request is answered by one reply. The process ends when the socket is closed.
"""

import os
import pickle
import resource
import signal
import sys
import time
import traceback
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from service.content import pack_plan
from service.content.prepare import prepare
from service.preparation.stopwatch import Stopwatch
from service.preparation.worker_messages import (
    REPLY_ENCODER,
    REQUEST_DECODER,
    Failed,
    Failure,
    Prepared,
    Reply,
    Setup,
)
from service.protocol.errors import ProcessingFailed, StreamingError
from service.protocol.messages import StreamRequest

_NICENESS = 5
"""Streams come first: of one core that is in use, the process gets a quarter."""

_FAILED = ProcessingFailed("The content could not be processed. Try again, or send it as text.")


def main() -> None:
    """Serve until the socket is closed."""
    connection: Connection = Connection(int(sys.argv[1]))
    with suppress(EOFError, ConnectionError):
        setup: Setup = pickle.loads(connection.recv_bytes())  # noqa: S301 - sent by the service
        _restrict(setup)
        leaves = False
        while not leaves:
            request = REQUEST_DECODER.decode(connection.recv_bytes())
            signal.setitimer(signal.ITIMER_PROF, setup.cpu_seconds)
            reply = _reply(request, setup)
            signal.setitimer(signal.ITIMER_PROF, 0)
            connection.send_bytes(REPLY_ENCODER.encode(reply))
            leaves = reply.leaves


def _restrict(setup: Setup) -> None:
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.SIG_IGN)  # the service decides, which may still drain
    os.nice(_NICENESS)
    resource.setrlimit(resource.RLIMIT_DATA, (setup.memory_bytes, setup.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would have the content
    with suppress(OSError):  # if the machine runs out of memory, this process is the one to end
        Path("/proc/self/oom_score_adj").write_text("1000")


def _reply(request: StreamRequest, setup: Setup) -> Reply:
    stopwatch, began = Stopwatch(), time.process_time()
    plan, failure, exhausted = b"", None, False
    try:
        made = prepare(request, setup.limits, stopwatch.time, setup.rules)
        plan = pack_plan(made)
        error: BaseException | None = made.failure
    except Exception as exception:  # noqa: BLE001 - every exception is an answer
        error = exception
    if error is not None:
        exhausted = isinstance(error, MemoryError) or isinstance(error.__cause__, MemoryError)
        failure = _describe(error)
    seconds, stages = time.process_time() - began, tuple(stopwatch.stages)
    leaves = exhausted or _private_bytes() > setup.memory_bytes // 2
    if exhausted or not plan:
        return Failed(None if exhausted else failure, stages, seconds, leaves)
    return Prepared(plan, failure, stages, seconds, leaves)


def _private_bytes() -> int:
    """What counts for the limit of the memory. It is not less after a request than in it, if it is fragmented."""
    return int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()


def _describe(error: BaseException) -> Failure:
    known = error if isinstance(error, StreamingError) else _FAILED
    cause = error.__cause__ if isinstance(error, StreamingError) else error
    return Failure(type(known).__name__, str(known), None if cause is None else _frames(cause))


def _frames(exception: BaseException) -> str:
    """The type of an exception and where it was raised, without its text, which may quote content."""
    places = (
        f"{frame.name} ({frame.filename}:{frame.lineno})" for frame in traceback.extract_tb(exception.__traceback__)
    )
    return f"{type(exception).__qualname__} in {', '.join(places)}"


if __name__ == "__main__":
    main()

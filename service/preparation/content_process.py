"""A process for large content: started when it is needed, and killed when a request exceeds a limit."""

import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path

from msgspec import MsgspecError, Struct
from msgspec.structs import replace

from service.content import CachedPlan, StageTime, unpack_plan
from service.events import KilledBecause
from service.preparation.stopwatch import Stopwatch
from service.preparation.worker_messages import REPLY_DECODER, REQUEST_ENCODER, Failed, Failure, Reply, Setup
from service.protocol.errors import (
    ChunkingFailed,
    ContentTooCostly,
    EmptyContent,
    PreparedTooLarge,
    ProcessingFailed,
    StreamingError,
)
from service.protocol.messages import StreamRequest
from service.session.ports import RemoteFault

_INHERITED = ("LD_LIBRARY_PATH", "PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONHOME")
"""The variables that an interpreter may need. The process gets no other, because they contain secrets."""

_ERRORS = {kind.__name__: kind for kind in (ChunkingFailed, EmptyContent, PreparedTooLarge, ProcessingFailed)}

_REASONS: Mapping[int, KilledBecause] = {
    -signal.SIGPROF: KilledBecause.CPU,
    -signal.SIGABRT: KilledBecause.MEMORY,  # a native library whose allocation failed
    -signal.SIGKILL: KilledBecause.MEMORY,  # by the kernel
}
_SENTENCES: Mapping[KilledBecause, str] = {
    KilledBecause.CPU: "The content takes too long to prepare. Send it in parts, or as text.",
    KilledBecause.TIME: "The content takes too long to prepare. Send it in parts, or as text.",
    KilledBecause.MEMORY: "The content takes too much memory to prepare. Send it in parts, or as text.",
}


class _Child(Struct, frozen=True):
    process: subprocess.Popen[bytes]
    connection: Connection

    def end(self) -> int:
        """Kill the process; return the exit status, negative for the signal that ended it."""
        self.process.kill()
        self.connection.close()
        return self.process.wait()


class ContentProcess:
    """Prepares one request at a time. All methods but ``close`` are called in the same thread."""

    def __init__(
        self, setup: Setup, answer_seconds: float, on_killed: Callable[[KilledBecause, StreamRequest], object]
    ) -> None:
        """A process without an answer for ``answer_seconds`` is killed, whatever it waits for."""
        self._setup = setup
        self._answer_seconds = answer_seconds
        self._on_killed = on_killed
        self._child: _Child | None = None
        self._closed = False
        self.cpu_seconds = 0.0
        """The processor time of all requests."""

    def make_plan(self, request: StreamRequest, stopwatch: Stopwatch) -> CachedPlan:
        """Return the plan, also packed. Raises ``StreamingError``: ``ContentTooCostly`` if a limit was exceeded."""
        asked_at = time.monotonic()
        reply = self._ask(request)
        answered_at = time.monotonic()
        self.cpu_seconds += reply.cpu_seconds
        stopwatch.stages += (_within(stage, asked_at, answered_at) for stage in reply.stages)
        if isinstance(reply, Failed):
            if reply.failure is None:
                raise self._too_costly(KilledBecause.MEMORY, request)
            raise _error(reply.failure)
        plan = unpack_plan(reply.plan)
        if reply.failure is not None:
            failure = _error(reply.failure)
            assert isinstance(failure, ChunkingFailed)
            plan = replace(plan, failure=failure)
        return CachedPlan(plan, reply.plan)

    def stop(self) -> None:
        """End the process; the next request starts another."""
        child, self._child = self._child, None
        if child is not None:
            child.end()

    def close(self) -> None:
        """End the process, whatever it does, and start no other. May be called from another thread."""
        self._closed = True
        child = self._child
        if child is not None:
            child.process.kill()
            child.process.wait()

    def _ask(self, request: StreamRequest) -> Reply:
        data = REQUEST_ENCODER.encode(request)
        child = self._running()
        try:
            child.connection.send_bytes(data)
        except OSError:  # it ended while it was idle
            self.stop()
            child = self._running()
            child.connection.send_bytes(data)
        try:
            if not child.connection.poll(self._answer_seconds):
                self.stop()
                raise self._too_costly(KilledBecause.TIME, request)
            reply = REPLY_DECODER.decode(child.connection.recv_bytes())
        except (EOFError, OSError, MsgspecError) as error:
            self._child = None
            status = _exit_status(child)
            if self._closed:
                raise _shutting_down() from error
            reason = _REASONS.get(status, KilledBecause.CRASH)
            self.cpu_seconds += self._setup.cpu_seconds if reason is KilledBecause.CPU else 0.0
            raise self._too_costly(reason, request) from error
        if reply.leaves:
            self.stop()
        return reply

    def _running(self) -> _Child:
        if self._child is None:
            self._child = _start(self._setup)
        if self._closed:
            self.stop()
            raise _shutting_down()
        return self._child

    def _too_costly(self, reason: KilledBecause, request: StreamRequest) -> StreamingError:
        self._on_killed(reason, request)
        if reason is KilledBecause.CRASH:
            return ProcessingFailed("The content could not be processed. Try again, or send it as text.")
        return ContentTooCostly(_SENTENCES[reason])


def _within(stage: StageTime, begin: float, end: float) -> StageTime:
    """Limit the times of a stage to those in which it can have run: the process may report any number."""
    began_at = min(end, max(begin, stage.began_at))
    return StageTime(stage.stage, began_at, min(end - began_at, max(0.0, stage.seconds)))


def _shutting_down() -> StreamingError:
    return ProcessingFailed("The server shuts down. Try again.")


def _exit_status(child: _Child) -> int:
    """Of a process that has closed its socket: wait for its end, so that the signal that ended it is seen."""
    try:
        status = child.process.wait(timeout=1)
    except subprocess.TimeoutExpired:
        return child.end()
    child.connection.close()
    return status


def _start(setup: Setup) -> _Child:
    near, far = Pipe()
    with far:
        environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        environment["PYTHONPATH"] = os.pathsep.join(folder or str(Path.cwd()) for folder in sys.path)
        process = subprocess.Popen(  # noqa: S603 - a module of the service
            [sys.executable, "-P", "-m", "service.preparation.content_worker", str(far.fileno())],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,  # a native library may write what it fails on
            pass_fds=(far.fileno(),),
        )
    child = _Child(process, near)
    near.send_bytes(pickle.dumps(setup))
    return child


def _error(failure: Failure) -> StreamingError:
    error = _ERRORS[failure.error](failure.sentence)
    if failure.cause is not None:
        error.__cause__ = RemoteFault(failure.cause)
    return error

"""A restart under idle clients: how their attempts to connect again are spread, and how many fail."""

import asyncio
import os
import secrets
import signal
import time
from bisect import bisect_right
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec
import psutil
from msgspec import Struct

from benchmarks.machine import raise_open_files
from benchmarks.measure import Measure
from benchmarks.processes import SERVICE, Server, free_port, run_on, serve
from benchmarks.rounds import Run
from streaming_content import BackOff, ConnectFailed, Connection, ConnectionClosed, StreamingError, connect

FOLLOWED, IGNORED = "time followed", "time ignored"
_MOST_ATTEMPTS = 12
_AT_ONCE = 100


class RestartFigures(Struct, frozen=True):
    """Of all clients; an attempt is a handshake that was begun."""

    returned: int
    lost: int
    """Clients that gave up."""
    failed_attempts: int
    most_within_100_ms: int
    most_planned_within_100_ms: int
    """By the waits that the clients chose: without the delays of a busy machine."""
    seconds: float
    """From the signal until the last client was connected again."""


def restart(run: Run) -> list[Measure]:
    """Idle clients whose server ends and is started again at the same port.

    ``RESTART_SECONDS`` is for a start that takes twice as long as one just before: a busy machine is slow to start.
    """
    measure = Measure("restart", "A restart under idle clients", "", compared=False)
    clients = run.scale.restart_clients
    with serve(SERVICE, run.cores) as server:
        restart_seconds = 1 + 2 * server.start_seconds
    for followed in (True, False):
        subject = FOLLOWED if followed else IGNORED
        run.report(f"a restart under {clients} idle clients: {subject}")
        program = msgspec.structs.replace(SERVICE, settings={"RESTART_SECONDS": str(restart_seconds)})
        port = free_port()
        with ThreadPoolExecutor(1) as threads:
            with serve(program, run.cores, port=port) as server:
                running = threads.submit(run_on, run.cores.client, restart_under, server, clients, followed)
                while psutil.pid_exists(server.pid) and not running.done():
                    if psutil.Process(server.pid).status() == psutil.STATUS_ZOMBIE:
                        break
                    time.sleep(0.01)
            with serve(program, run.cores, port=port):
                figures = running.result()
        for name, figure in msgspec.structs.asdict(figures).items():
            measure.add(f"{clients} clients: {name.replace('_', ' ')}", subject, figure)
    return [measure]


async def restart_under(server: Server, clients: int, followed: bool) -> RestartFigures:  # noqa: FBT001 - pickled
    """Connect, send SIGTERM to the server, and return when each client is connected again or has given up.

    ``followed`` is whether the clients follow the time that the service states.
    """
    raise_open_files()
    places = asyncio.Semaphore(_AT_ONCE)

    async def begin() -> Connection:
        async with places:
            return await connect(server.url, f"client-{secrets.token_hex(8)}", ping_interval=None, open_timeout=60)

    connections = await asyncio.gather(*(begin() for _ in range(clients)))
    began = time.perf_counter()
    attempts: list[float] = []
    planned: list[float] = []
    returned: list[float] = []
    os.kill(server.pid, signal.SIGTERM)

    async def come_back(connection: Connection) -> None:
        back_off = BackOff()
        error = await _closed(connection)
        for _ in range(_MOST_ATTEMPTS):
            wait = back_off.next(error if followed else ConnectFailed(""))
            planned.append(time.perf_counter() + wait)
            await asyncio.sleep(wait)
            attempts.append(time.perf_counter())
            try:
                again = await connect(server.url, connection.session_id, ping_interval=None, open_timeout=60)
            except (ConnectFailed, ConnectionClosed) as failure:
                error = failure
            else:
                returned.append(time.perf_counter())
                connections.append(again)
                return

    await asyncio.gather(*(come_back(connection) for connection in tuple(connections)))
    for connection in connections:
        connection.transport.abort()
    return RestartFigures(
        returned=len(returned),
        lost=clients - len(returned),
        failed_attempts=len(attempts) - len(returned),
        most_within_100_ms=_most_within(sorted(attempts), 0.1),
        most_planned_within_100_ms=_most_within(sorted(planned), 0.1),
        seconds=max(returned, default=began) - began,
    )


async def _closed(connection: Connection) -> StreamingError:
    try:
        while True:
            await connection.receive()
    except ConnectionClosed as closed:
        return closed


def _most_within(moments: Sequence[float], seconds: float) -> int:
    return max((bisect_right(moments, moment + seconds) - index for index, moment in enumerate(moments)), default=0)

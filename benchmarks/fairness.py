"""Clients with small documents beside clients that send the most expensive content without a pause."""

import asyncio
import secrets
import time
from contextlib import suppress
from itertools import count, cycle

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from benchmarks.contents import HOSTILE
from benchmarks.documents import document
from benchmarks.measure import Measure
from benchmarks.processes import SERVICE, Server, run_on, serve
from benchmarks.rounds import Run
from service.protocol.messages import ContentType, StreamRequest
from streaming_content import Connection, ConnectionClosed, connect

ALONE = "alone"
ATTACKS = {"beside 100 KB": 99_900, "beside 10 KB": 9_900}
"""Bytes of the hostile content: the largest, which a process prepares, and the largest of which a thread does."""
_SMALL_BYTES = 2_000
_COSTLIEST = (
    "HTML: text in a table, incremental",
    "Markdown: lists",
    "Markdown: paragraphs",
    "Markdown: tables",
    "HTML: definitions, incremental",
    "HTML: ampersands, fragment",
)
"""Of ``content_growth_hostile``."""
_ANSWER_SECONDS = 60.0


class FairnessFigures(Struct, frozen=True):
    """Of all small documents; times are from a request to its first chunk."""

    p50_ms: float
    p99_ms: float
    maximum_ms: float
    small_refused: int
    attacks_prepared: int
    attacks_refused: int


def fairness(run: Run) -> list[Measure]:
    """The time to the first chunk of small documents, without attackers and with them."""
    title = "Time to the first chunk of 2 KB, beside clients that send hostile content without a pause"
    measure = Measure("fairness", title, "", compared=False)
    scale = run.scale
    for turn in range(scale.rounds):
        for subject, attack_bytes in {ALONE: 0, **ATTACKS}.items():
            attackers = scale.attackers[-1] if attack_bytes else 0
            run.report(f"{attackers} attackers with {attack_bytes} bytes, round {turn + 1} of {scale.rounds}")
            with serve(SERVICE, run.cores) as server:
                figures = run_on(run.cores.client, attack, server, attackers, attack_bytes, scale.small_documents)
            for name, figure in msgspec.structs.asdict(figures).items():
                measure.add(name.replace("_ms", ", ms").replace("_", " "), subject, figure)
    return [measure]


async def attack(server: Server, attackers: int, attack_bytes: int, small_documents: int) -> FairnessFigures:
    """Return when the small documents, each of a new session, have been streamed one after the other."""
    attack_ = _Attack(server, attack_bytes)
    tasks = [asyncio.create_task(attack_.run(number)) for number in range(attackers)]
    if attackers:
        await attack_.under_way.wait()
    content = document(ContentType.MARKDOWN, _SMALL_BYTES)
    times: list[float] = []
    refused = 0
    for number in range(small_documents):
        seconds = await _first_chunk_seconds(server, f"{number} {content}")
        if seconds is None:
            refused += 1
        else:
            times.append(seconds * 1e3)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    times.sort()
    return FairnessFigures(
        times[len(times) // 2], times[len(times) * 99 // 100], times[-1], refused, attack_.prepared, attack_.refused
    )


def _session(server: Server, name: str) -> connect:
    return connect(server.url, f"{name}-{secrets.token_hex(8)}", timeout=_ANSWER_SECONDS)


async def _first_chunk_seconds(server: Server, content: str) -> float | None:
    """``None`` if the request was refused."""
    async with _session(server, "small") as connection:
        began = time.perf_counter()
        await connection.send("stream_request", content=content, content_type="markdown")
        while (message := await connection.receive())["type"] != "chunk":
            if message["type"] == "error":
                return None
        return time.perf_counter() - began


class _Attack:
    """Sends content that no cache has, and cancels each stream at its start; a session is left when it is used up."""

    def __init__(self, server: Server, size_bytes: int) -> None:
        self._server = server
        self._requests = [HOSTILE[name](size_bytes) for name in _COSTLIEST]
        self._numbers = count()
        self.prepared = 0
        self.refused = 0
        self.under_way = asyncio.Event()
        """Set when the first content was prepared or refused."""

    async def run(self, first: int) -> None:
        """Never returns."""
        turn = first % len(self._requests)
        kinds = cycle(self._requests[turn:] + self._requests[:turn])
        while True:
            with suppress(ConnectionClosed):
                async with _session(self._server, "attack") as connection:
                    while await self._send(connection, next(kinds)):
                        pass

    async def _send(self, connection: Connection, request: StreamRequest) -> bool:
        """Return false when the session is used up."""
        unique = replace(request, content=f"{request.content}{next(self._numbers)}")
        await connection.send_frame(msgspec.json.encode(unique).decode())
        while True:
            message = await connection.receive()
            match message["type"]:
                case "error":
                    self.under_way.set()
                    self.refused += message["code"] == "SERVER_BUSY"
                    return bool(message["code"] != "RATE_LIMIT_EXCEEDED")
                case "stream_start":
                    self.under_way.set()
                    self.prepared += 1
                    await connection.send("stream_control", action="cancel")
                case "stream_complete" | "stream_cancelled":
                    return True

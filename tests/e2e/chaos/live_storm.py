"""Kill producers, servers and readers of live streams in turn."""

import asyncio
import json
import random
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import Any

from streaming_content import connect
from tests.conftest import PROJECT, environment
from tests.e2e.chaos.live_sources import SOURCES
from tests.e2e.chaos.storm import MAX_REQUESTS
from tests.integration.instances.instances import Instances
from tests.waiting import LIMIT_SECONDS

_LONGEST_WAIT_SECONDS = 0.5
_VICTIMS = ("producer", "server", "reader")


@dataclass
class LiveAccount:
    """The results of a storm for producers and readers."""

    kills: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_VICTIMS, 0))
    streams: int = 0
    exact: int = 0
    """Streams of which the reader had the right content at the end."""
    charged: int = 0
    """Streams that were charged exactly once."""
    deviations: list[str] = field(default_factory=list)

    @property
    def spotless(self) -> bool:
        """Whether each reader has seen all, nothing twice, and each stream was charged once."""
        return self.streams > 0 and (self.exact, self.charged) == (self.streams, self.streams) and not self.deviations

    def figures(self) -> dict[str, object]:
        """The counts, by name."""
        kills = {f"kills of the {victim}": count for victim, count in self.kills.items()}
        return {**kills, "streams": self.streams, "exact": self.exact, "charged once": self.charged}


async def live_storm(instances: Instances, kills: int, clients: int = len(SOURCES)) -> LiveAccount:
    """Kill processes at random moments. Each client is a producer and a reader, of one stream after the other."""
    expected = await _references(instances.address)
    account = LiveAccount()
    over = asyncio.Event()
    active: list[Play] = []
    async with asyncio.TaskGroup() as group:
        for number in range(clients):
            group.create_task(_plays(instances.address, number, expected, over, account, active))
        for victim in islice(cycle(_VICTIMS), kills):
            await asyncio.sleep(random.uniform(0, _LONGEST_WAIT_SECONDS))
            if victim == "server":
                instance, process = await asyncio.to_thread(instances.busiest)
                process.kill()
                await instance.replaced(process)
            else:
                await _kill_one(active, victim)
            account.kills[victim] += 1
        over.set()
    return account


async def _kill_one(active: list["Play"], role: str) -> None:
    """Kill a process of this role that runs, once there is one."""
    async with asyncio.timeout(LIMIT_SECONDS):
        while not (running := [one for play in active if (one := getattr(play, role)) is not None]):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        random.choice(running).kill()


async def _references(address: str) -> Mapping[str, str]:
    """The content of each source as one request."""
    found = {}
    async with connect(f"ws://{address}", "reference") as connection:
        for kind, source in SOURCES.items():
            content_type, _ = kind.split()
            stream = await connection.stream(source, content_type=content_type, html_mode="fragment", speed="superfast")
            found[kind] = stream.data
    return found


async def _plays(  # noqa: PLR0917 - those of the storm
    address: str,
    number: int,
    expected: Mapping[str, str],
    over: asyncio.Event,
    account: LiveAccount,
    active: list["Play"],
) -> None:
    for turn, kind in enumerate(islice(cycle(SOURCES), number, None)):
        if over.is_set():
            return
        play = Play(address, f"storm-{number}-{turn}", kind)
        active.append(play)
        try:
            async with asyncio.timeout(LIMIT_SECONDS):
                await play.run()
        except TimeoutError:
            play.end = ["no end"]
        finally:
            active.remove(play)
        account.streams += 1
        account.exact += play.end[:1] == ["stream_complete"] and play.content == expected[kind]
        async with connect(f"ws://{address}", play.session_id) as connection:
            account.charged += MAX_REQUESTS - int(connection.connected["requests_left"]) == 1
        if play.end[:1] != ["stream_complete"] or play.content != expected[kind]:
            account.deviations.append(f"{play.session_id} {kind} {play.end} {play.content!r}")


class Play:
    """A live stream, its producer and its reader; each is started again until the stream is complete for it."""

    def __init__(self, address: str, session_id: str, kind: str) -> None:
        self.session_id = session_id
        self.content = ""
        self.end: list[str] = []
        self.producer: Process | None = None
        self.reader: Process | None = None
        self._address = address
        self._kind = kind
        self._settled = 0
        self._stream_id = ""
        self._created = asyncio.Event()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._write())
            group.create_task(self._read())

    async def _write(self) -> None:
        finished = False
        while not finished:
            known = (self._stream_id,) if self._stream_id else ()
            self.producer = process = await _start("write", self._address, self.session_id, "key", self._kind, *known)
            async for (stream_id,) in _lines(process):
                finished = stream_id is None
                self._stream_id = stream_id or self._stream_id
                self._created.set()
            self.producer = None
            await process.wait()

    async def _read(self) -> None:
        await self._created.wait()
        mode = self._kind.split()[1]
        while not self.end:
            start = (self._address, self.session_id, self._stream_id, str(self._settled), mode)
            self.reader = process = await _start("read", *start)
            async for what, *values in _lines(process):
                match what:
                    case "start":
                        self._keep(values[0])
                    case "chunk":
                        begins, data, settled = values
                        if begins is not None:
                            self._keep(begins)
                        self.content += data
                        self._settled = self._settled if settled is None else settled
                    case "end":
                        self.end = values
            self.reader = None
            self._keep(self._settled) if not self.end else None
            await process.wait()

    def _keep(self, units: int) -> None:
        """Keep the first UTF-16 code units of the content."""
        assert units >= 0
        self.content = self.content.encode("utf-16-le")[: 2 * units].decode("utf-16-le")


async def _start(*arguments: str) -> Process:
    command = (sys.executable, "-m", "tests.e2e.chaos.live_process", *arguments)
    return await asyncio.create_subprocess_exec(*command, cwd=PROJECT, env=environment(), stdout=PIPE, limit=2**24)


async def _lines(process: Process) -> AsyncIterator[Any]:
    """The values of each complete line."""
    assert process.stdout is not None
    async for line in process.stdout:
        if line.endswith(b"\n"):
            yield json.loads(line)

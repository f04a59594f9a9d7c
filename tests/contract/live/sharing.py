"""The tests that a store of several processes must pass."""

import asyncio
import json
import random
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from msgspec.structs import replace

from service.live.lease import LEASE_SECONDS
from service.live.ports import LiveStore
from service.live.records import LiveRecord
from tests.conftest import PROJECT, environment
from tests.contract.live.concurrent import Rounds, play, rounds
from tests.contract.live.contract import LiveStoreContract
from tests.contract.live.samples import RECORD, SOURCE
from tests.contract.live.store_tests import ID

PROCESSES = 3


class SharedLiveStoreContract(LiveStoreContract):
    """The stores that ``make`` returns in one test share their data."""

    place: str
    """The path or the URL."""
    kind: str

    def makers(self) -> list[LiveStore]:
        return [self.make() for _ in range(3)]

    @asynccontextmanager
    async def processes(self) -> AsyncIterator[list["Worker"]]:
        """Processes that use the store and have opened it."""
        async with AsyncExitStack() as endings:
            workers = [Worker() for _ in range(PROCESSES)]
            for worker in workers:
                await worker.start(self.kind, self.place, str(self.now))
                endings.push_async_callback(worker.stop)
            assert [await worker.line() for worker in workers] == ["ready"] * PROCESSES
            yield workers

    def test_calls_at_the_same_time_have_the_results_of_some_order(self) -> None:
        numbers = count()

        async def compare_all(history: Rounds, record: LiveRecord) -> None:
            stores = self.makers()
            await play(stores, record, history, self.now)
            for store in stores:
                await store.close()

        @given(rounds)
        def compare(history: Rounds) -> None:
            name = f"{next(numbers)}"
            asyncio.run(compare_all(history, replace(RECORD, stream_id=name, session_key=name)))

        compare()

    async def test_processes_that_append_the_same_bytes_store_them_once(self, store: LiveStore) -> None:
        await store.create(RECORD)
        async with self.processes() as workers:
            pieces = await asyncio.gather(*(one.ask(f"append {ID} {seed}") for seed, one in enumerate(workers)))
        self.assert_partition([piece for some in pieces for piece in some], SOURCE)
        assert await store.read(ID, 0) == SOURCE

    async def test_processes_that_adopt_from_one_another_lose_and_double_nothing(self, store: LiveStore) -> None:
        await store.create(RECORD)
        async with self.processes() as workers:
            found = await asyncio.gather(*(one.ask(f"take {ID} 20") for one in workers))
        pieces = [piece for some in found for piece in some]
        self.assert_partition(pieces, await store.read(ID, 0))
        epochs = [epoch for epoch, _, _ in sorted(pieces, key=lambda piece: piece[1])]
        assert epochs == sorted(epochs), "nothing of an epoch after the next one began"
        record = await store.get(ID)
        assert record is not None
        assert record.epoch == 20 * PROCESSES

    async def test_processes_that_create_with_one_key_have_one_stream(self, store: LiveStore) -> None:
        async with self.processes() as workers:
            found = await asyncio.gather(*(worker.ask("create 20") for worker in workers))
        [stream_id] = {stream_id for some in found for stream_id in some}
        assert [one.stream_id for one in await store.open_streams(RECORD.session_key)] == [stream_id]

    async def test_each_loss_is_found_by_one_process(self, store: LiveStore) -> None:
        ids = [f"{number}" for number in range(200)]
        await asyncio.gather(*(store.create(replace(RECORD, stream_id=one, creation_key=None)) for one in ids))
        self.wait(LEASE_SECONDS)
        async with self.processes() as workers:
            found = await asyncio.gather(*(worker.ask("expire") for worker in workers))
        assert sorted(stream_id for some in found for stream_id in some) == sorted(ids)

    @pytest.mark.parametrize("kills", [5, pytest.param(150, marks=pytest.mark.proof)])
    async def test_producers_that_are_killed_in_turn_lose_and_double_nothing(
        self, store: LiveStore, kills: int
    ) -> None:
        await store.create(RECORD)
        chance = random.Random(kills)
        for _ in range(kills):
            worker = Worker()
            await worker.start(self.kind, self.place, str(self.now))
            assert await worker.line() == "ready"
            worker.send(f"go {ID}")
            acknowledged = [await worker.line() for _ in range(chance.randint(1, 60))]
            worker.process.kill()
            acknowledged += await worker.rest()
            source = await store.read(ID, 0)
            assert len(source) - acknowledged[-1] in {0, 1}, "at most the append in flight is stored, too"
            assert source == bytes(offset % 256 for offset in range(len(source)))
        record = await store.get(ID)
        assert record is not None
        assert record.epoch == kills

    @staticmethod
    def assert_partition(pieces: list[tuple[int, int, str]], source: bytes) -> None:
        """The pieces are the source, without a gap or an overlap."""
        ordered = sorted(pieces, key=lambda piece: piece[1])
        assert [offset for _, offset, _ in ordered] == _ends([bytes.fromhex(data) for _, _, data in ordered])
        assert b"".join(bytes.fromhex(data) for _, _, data in ordered) == source


def _ends(parts: list[bytes]) -> list[int]:
    """The offset of each part, if they follow one another."""
    offsets = [0]
    for part in parts:
        offsets.append(offsets[-1] + len(part))
    return offsets[:-1]


class Worker:
    """A process that uses the store."""

    process: Process

    async def start(self, *arguments: str) -> None:
        command = (sys.executable, "-m", "tests.contract.live.worker", *arguments)
        self.process = await asyncio.create_subprocess_exec(
            *command,
            cwd=PROJECT,
            env=environment(PYTHONDONTWRITEBYTECODE=1),
            stdin=PIPE,
            stdout=PIPE,
            limit=2**24,
        )

    async def line(self) -> Any:  # noqa: ANN401 - of the command
        assert self.process.stdout is not None
        return json.loads(await self.process.stdout.readline())

    async def rest(self) -> list[Any]:
        """The complete lines until the end."""
        assert self.process.stdout is not None
        lines = (await self.process.stdout.read()).splitlines(keepends=True)
        await self.process.wait()
        return [json.loads(line) for line in lines if line.endswith(b"\n")]

    def send(self, command: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{command}\n".encode())

    async def ask(self, command: str) -> Any:  # noqa: ANN401 - of the command
        self.send(command)
        return await self.line()

    async def stop(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        assert await self.process.wait() == 0

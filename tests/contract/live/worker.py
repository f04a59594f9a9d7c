"""A process that shares a store: ``python -m tests.contract.live.worker (sqlite|redis) PLACE MILLISECONDS``.

Its clock stands still. It prints ``ready``, and then an answer in JSON to each line that it reads:

- ``create TIMES``: the ids of the streams that as many creations with one key returned
- ``append ID SEED``: the pieces of the source that it stored, while it appended all of it in random parts
- ``take ID COUNT``: its epochs and the pieces that it stored, while it adopted the stream again and again
- ``expire``: the ids of the streams that it found lost
- ``go ID``: after it has adopted the stream, endlessly the length of the source after each of its appends
"""

import asyncio
import json
import random
import sys
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from msgspec.structs import replace

from service.live.append_rule import Refusal
from service.live.ports import Appended, LiveStore, Refused
from service.live.records import Append, LiveStatus
from service.stores.redis import live_scripts
from service.stores.redis.live_store import RedisLiveStore
from service.stores.sqlite.live_store import SqliteLiveStore
from service.stores.store_limits import LiveLimits
from tests.contract.live.samples import RECORD, RESUME_TTL, SOURCE
from tests.contract.live.stopped_redis import stopped_scripts

Piece = tuple[int, int, str]
"""An epoch, an offset and bytes in hexadecimal."""


async def create(store: LiveStore, times: int) -> Sequence[str]:
    name = random.randbytes(8).hex()
    records = (replace(RECORD, stream_id=f"{name}-{number}") for number in range(times))
    return [one.stream_id for one in await asyncio.gather(*map(store.create, records))]


async def append(store: LiveStore, stream_id: str, seed: int) -> Sequence[Piece]:
    """Append ``SOURCE``, also the parts that others have stored."""
    chance, pieces, offset = random.Random(seed), list[Piece](), 0
    while offset < len(SOURCE):
        batch = []
        for _ in range(chance.randint(1, 4)):
            start = max(0, offset - chance.choice((0, 0, 3, 40)))
            stop = min(start + chance.choice((1, 4, 50, 200)), len(SOURCE))
            batch.append(Append(stream_id, 0, start, SOURCE[start:stop]))
            offset = max(offset, stop)
        for result in await store.append(batch):
            assert isinstance(result, Appended), result
            if result.data:
                pieces.append((0, result.length - len(result.data), result.data.hex()))
    return pieces


async def take(store: LiveStore, stream_id: str, times: int) -> Sequence[Piece]:
    """Adopt the stream, append 10 times or until another process has adopted it, and adopt it again."""
    pieces: list[Piece] = []
    for _ in range(times):
        adopted = await store.adopt(stream_id)
        assert adopted is not None
        epoch, offset = adopted.epoch, adopted.length
        for number in range(10):
            data = f"{epoch}:{number} ".encode()
            [result] = await store.append([Append(stream_id, epoch, offset, data)])
            if isinstance(result, Refused):
                assert result.reason == Refusal.FENCED
                break
            assert result.data == data
            pieces.append((epoch, offset, data.hex()))
            offset += len(data)
    return pieces


async def go(store: LiveStore, stream_id: str) -> None:
    adopted = await store.adopt(stream_id)
    assert adopted is not None
    for offset in count(adopted.length):
        [result] = await store.append([Append(stream_id, adopted.epoch, offset, bytes([offset % 256]))])
        assert result == Appended(offset + 1, bytes([offset % 256]), LiveStatus.OPEN)
        write_line(result.length)


async def answer(store: LiveStore, command: str, *arguments: str) -> object:
    match command, *arguments:
        case "create", times:
            return await create(store, int(times))
        case "append", stream_id, seed:
            return await append(store, stream_id, int(seed))
        case "take", stream_id, times:
            return await take(store, stream_id, int(times))
        case "expire", *_:
            return [one.stream_id for one in (await store.expire()).lost]
        case "go", stream_id:
            await go(store, stream_id)
    raise AssertionError(command)


def write_line(line: object) -> None:
    sys.stdout.write(f"{json.dumps(line)}\n")
    sys.stdout.flush()


async def main(kind: str, place: str, milliseconds: int) -> None:
    store: LiveStore
    if kind == "sqlite":
        store = SqliteLiveStore(Path(place), LiveLimits(), RESUME_TTL, lambda: milliseconds / 1000)
    else:
        for name, script in list(stopped_scripts()):
            setattr(live_scripts, name, script)
        store = RedisLiveStore(place, LiveLimits(), RESUME_TTL)
    write_line("ready")
    for line in sys.stdin:
        write_line(await answer(store, *line.split()))
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))

"""A process that shares a store: ``python -m tests.contract.stores.sqlite_worker FILE (admit COUNT | put PREFIX)``.

It prints ``ready`` when the store is open. ``admit`` waits for a line, makes COUNT concurrent requests, and prints the
number of those admitted; ``put`` stores streams until it is killed, and prints the id of each.
"""

import asyncio
import sys
from itertools import count
from pathlib import Path

import msgspec

from service.protocol.limits import Limits
from service.session.records import SessionSnapshot
from service.stores.sqlite.store import SqliteSessionStore
from tests.contract.stores.contract.records import RECORD

SNAPSHOT = SessionSnapshot("s", "an-epoch", 0, 3600)
PLAN = bytes(range(256)) * 400


def write_line(line: object) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def admit(store: SqliteSessionStore, times: int) -> None:
    sys.stdin.readline()
    admissions = await asyncio.gather(*(store.admit(SNAPSHOT, "a-stream", None) for _ in range(times)))
    write_line(sum(one.admitted for one in admissions))


async def put(store: SqliteSessionStore, prefix: str) -> None:
    for number in count():
        record = msgspec.structs.replace(RECORD, stream_id=f"{prefix}-{number}", plan=PLAN)
        await store.put(record)
        write_line(record.stream_id)


async def main(path: Path, command: str, argument: str) -> None:
    store = SqliteSessionStore(path, Limits(), resume_ttl_seconds=300)
    write_line("ready")
    await (admit(store, int(argument)) if command == "admit" else put(store, argument))
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), *sys.argv[2:4]))

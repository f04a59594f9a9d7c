"""A process that shares a store: ``python -m tests.contract.stores.sqlite_worker FILE (admit COUNT | keep PREFIX)``.

It says ``ready`` once the store is open. ``admit`` waits for a line, asks so often at once, and says how many were
admitted; ``keep`` says the id of each stream that it has kept, until it is killed.
"""

import asyncio
import sys
from itertools import count
from pathlib import Path

import msgspec

from service.protocol.limits import Limits
from service.session.records import SessionSnapshot
from service.stores.sqlite.store import SqliteSessionStore
from tests.contract.stores.contract import RECORD

LEASE = SessionSnapshot("s", "an-epoch", 0, 3600)
PLAN = bytes(range(256)) * 400


def say(line: object) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def admit(store: SqliteSessionStore, times: int) -> None:
    sys.stdin.readline()
    admissions = await asyncio.gather(*(store.admit(LEASE, "a-stream", None) for _ in range(times)))
    say(sum(one.admitted for one in admissions))


async def keep(store: SqliteSessionStore, prefix: str) -> None:
    for number in count():
        record = msgspec.structs.replace(RECORD, stream_id=f"{prefix}-{number}", plan=PLAN)
        await store.put(record)
        say(record.stream_id)


async def main(path: Path, command: str, argument: str) -> None:
    store = SqliteSessionStore(path, Limits(), resume_ttl_seconds=300)
    say("ready")
    await (admit(store, int(argument)) if command == "admit" else keep(store, argument))
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), *sys.argv[2:4]))

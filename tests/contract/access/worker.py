"""A process that shares an access store: ``python -m tests.contract.access.worker (sqlite|redis) PLACE MICROSECONDS``.

Its clock stands still. It prints ``ready``, and then an answer to each line that it reads:

- ``charge TIMES QUOTA``: the number of charges of ``shared_charges`` that were made, of as many at the same time
- ``revoke TIMES PREFIX``: ``done`` after as many revocations, 20 at the same time
- ``find DIGEST`` and ``revoke_key ID``: the time at which the key was revoked, or ``None``; whether it is now
"""

import asyncio
import sys
from pathlib import Path

from service.access.ports import AccessStore
from service.access.quota import Charge, QuotaOwner
from service.stores.redis import access_scripts
from service.stores.redis.access_store import RedisAccessStore
from service.stores.sqlite.access_store import SqliteAccessStore
from tests.contract.access.samples import charge, revocation
from tests.contract.access.stopped_redis import stopped_scripts

REVOKED_AT = 1_700_000_100.5


def shared_charges(number: int, quota: int) -> list[Charge]:
    """Of a quota of all processes, and of one that is not used up."""
    return [charge(per_minute=quota), charge(per_minute=10, owner=QuotaOwner.ADDRESS, name=f"2001:db8:{number:x}::/64")]


async def answer(store: AccessStore, command: str, *arguments: str) -> object:
    match command, *arguments:
        case "charge", times, quota:
            calls = (store.charge(shared_charges(number, int(quota))) for number in range(int(times)))
            outcomes = await asyncio.gather(*calls)
            return sum(outcome is None for outcome in outcomes)
        case "revoke", times, prefix:
            for first in range(0, int(times), 20):
                names = (f"{prefix}-{number}" for number in range(first, first + 20))
                await asyncio.gather(*(store.revoke(revocation(name), 60) for name in names))
            return "done"
        case "find", digest:
            key = await store.find_key(bytes.fromhex(digest))
            return key and (key.name, key.revoked_at)
        case "revoke_key", key_id:
            return await store.revoke_key(key_id, REVOKED_AT)
    raise AssertionError(command)


def write_line(line: object) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def main(kind: str, place: str, microseconds: int) -> None:
    store: AccessStore
    if kind == "sqlite":
        store = SqliteAccessStore(Path(place), lambda: microseconds)
    else:
        for name, script in list(stopped_scripts()):
            setattr(access_scripts, name, script)
        store = RedisAccessStore(place)
    write_line("ready")
    for line in sys.stdin:
        write_line(await answer(store, *line.split()))
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))

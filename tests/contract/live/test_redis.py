"""The store of live streams in Redis."""

from collections.abc import AsyncIterator, Awaitable, Callable
from hashlib import sha256

import pytest
from msgspec.structs import replace

from service.live.append_rule import Refusal
from service.live.lease import adoptable_seconds
from service.live.ports import Appended, AppendResult, LiveStore, Refused
from service.live.records import Append, LiveStatus
from service.session.ports import StoreUnavailable
from service.stores.redis import live_scripts
from service.stores.redis.live_store import RedisLiveStore
from service.stores.store_limits import LiveLimits
from tests.backends.fixtures import StartRedis
from tests.backends.redis import Redis
from tests.contract.access.stopped_redis import set_clock
from tests.contract.live.samples import RECORD, RESUME_TTL
from tests.contract.live.sharing import SharedLiveStoreContract
from tests.contract.live.stopped_redis import stopped_scripts
from tests.contract.live.store_tests import ID
from tests.contract.stores.test_redis import documented_user


class TestStopped(SharedLiveStoreContract):
    """As the user of docs/operations.md."""

    kind = "redis"

    @pytest.fixture
    def back_end(self, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, script in list(stopped_scripts()):
            monkeypatch.setattr(live_scripts, name, script)
        with redis.client() as client:
            client.execute_command(*documented_user())  # type: ignore[no-untyped-call]
        self.redis = redis
        self.place = redis.url.replace("//", "//streaming:password@")

    def move_to(self, milliseconds: int) -> None:
        super().move_to(milliseconds)
        set_clock(self.redis.url, 1000 * milliseconds)

    def make(self) -> RedisLiveStore:
        return RedisLiveStore(self.place, self.limits, RESUME_TTL, measure=self.measure)

    async def expire(self, store: LiveStore) -> None:
        while (await store.expire()).abandoned:
            pass


@pytest.fixture
async def store(redis: Redis) -> AsyncIterator[RedisLiveStore]:
    store = RedisLiveStore(redis.url, LiveLimits(), RESUME_TTL)
    yield store
    await store.close()


async def test_leases_are_by_the_clock_of_redis(redis: Redis, store: RedisLiveStore) -> None:
    await store.create(RECORD)
    with redis.client() as client:
        client.hincrby(f"{live_scripts.PREFIX}stream:{ID}", "heard", -1500)
    record = await store.get(ID)
    assert record is not None
    assert 1.5 <= record.silent_seconds < 60


async def test_every_key_expires_when_no_process_is_left(redis: Redis, store: RedisLiveStore) -> None:
    longest = 1000 * (adoptable_seconds(RESUME_TTL) + RESUME_TTL)
    await store.create(RECORD)
    await store.create(replace(RECORD, stream_id="empty", creation_key=None, session_key="another"))
    await store.append([Append(ID, 0, 0, b"abc")])
    await store.adopt(ID)
    with redis.client() as client:

        def left() -> dict[str, int]:
            keys = client.scan_iter("streaming:*")
            return {key.decode().removeprefix(live_scripts.PREFIX): client.pttl(key) for key in keys}

        opened = left()
        created = f"created:{RECORD.session_key}:{RECORD.creation_key.hex() if RECORD.creation_key else ''}"
        of_streams = {f"stream:{ID}", f"source:{ID}", created, "stream:empty"}
        sessions = {f"session:{RECORD.session_key}", "session:another"}
        assert opened.keys() == of_streams | sessions | {"alive", "bytes", "created"}
        assert all(longest - 60_000 < opened[key] <= longest + 2000 for key in of_streams)
        assert all(longest < opened[key] <= 2 * longest for key in opened.keys() - of_streams)
        await store.append([Append(ID, 1, 3, b"", LiveStatus.COMPLETE)])
        ended = left()
        assert all(0 < ended[key] <= 1000 * RESUME_TTL for key in of_streams - {"stream:empty"})
        assert f"session:{RECORD.session_key}" not in ended
        assert 0 < ended["ended"] <= 2 * longest


async def test_a_source_that_is_forgotten_by_a_restart_is_unknown(start_redis: StartRedis) -> None:
    """Without persistence; the producer sends it again to a new stream."""
    running = start_redis()
    store = RedisLiveStore(running.url, LiveLimits(), RESUME_TTL)
    await store.create(RECORD)
    await store.append([Append(ID, 0, 0, b"abc")])
    running.stop()
    with pytest.raises(StoreUnavailable):
        await store.append([Append(ID, 0, 3, b"d")])
    running.start()
    assert list(await store.append([Append(ID, 0, 3, b"d")])) == [Refused(Refusal.UNKNOWN, 0)]
    assert await store.create(RECORD) == RECORD
    await store.close()


class Interrupted(RedisLiveStore):
    """A store that another producer uses between the check of a digest and the append."""

    def __init__(self, url: str, between: Callable[[], Awaitable[object]]) -> None:
        super().__init__(url, LiveLimits(), RESUME_TTL)
        self._between = between
        self.digests: list[str] = []

    async def _digest(self, append: Append) -> str:
        digest = await super()._digest(append)
        if not self.digests:
            await self._between()
        self.digests.append(digest)
        return digest


@pytest.mark.parametrize(
    ("end", "digests", "expected"),
    [
        (b"abc", ["?", "1"], Appended(3, b"", LiveStatus.COMPLETE)),
        (b"abd", ["?", "0"], Refused(Refusal.MISMATCH, 3)),
    ],
)
async def test_a_digest_is_computed_again_if_the_source_grew(
    redis: Redis, store: RedisLiveStore, end: bytes, digests: list[str], expected: AppendResult
) -> None:
    await store.create(RECORD)
    other = Interrupted(redis.url, lambda: store.append([Append(ID, 0, 0, b"abc")]))
    closing = Append(ID, 0, 3, b"", LiveStatus.COMPLETE, sha256(end).digest())
    assert list(await other.append([closing])) == [expected]
    assert other.digests == digests
    await other.close()


async def test_many_appends_are_several_calls(redis: Redis, store: RedisLiveStore) -> None:
    source = bytes(range(256)) * 5
    await store.create(RECORD)
    with redis.client() as client:
        client.config_resetstat()
        results = await store.append([Append(ID, 0, at, source[at : at + 1]) for at in range(len(source))])
        assert [result.length for result in results] == list(range(1, len(source) + 1))
        calls = client.info("commandstats")
    names = ("cmdstat_evalsha", "cmdstat_eval")
    assert sum(calls[name]["calls"] for name in names if name in calls) == 4, "one found that the script is new"
    assert await store.read(ID, 0) == source

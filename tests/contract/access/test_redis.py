"""The access store in Redis."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from service.access.ports import AccessStore
from service.access.quota import MINUTE
from service.access.revocation import KEY_REVOCATION_KEPT_SECONDS
from service.stores.redis import access_scripts
from service.stores.redis.access_store import RedisAccessStore
from tests.backends.redis import Redis
from tests.contract.access.contract import SharedAccessStoreContract
from tests.contract.access.samples import KEY, charge, revocation
from tests.contract.access.stopped_redis import set_clock, stopped_scripts
from tests.contract.stores.test_redis import documented_user


class TestStopped(SharedAccessStoreContract):
    """As the user of docs/operations.md."""

    kind = "redis"

    @pytest.fixture
    def back_end(self, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, script in list(stopped_scripts()):
            monkeypatch.setattr(access_scripts, name, script)
        with redis.client() as client:
            client.execute_command(*documented_user())  # type: ignore[no-untyped-call]
        self.redis = redis
        self.place = redis.url.replace("//", "//streaming:password@")

    def move_to(self, microseconds: int) -> None:
        super().move_to(microseconds)
        set_clock(self.redis.url, microseconds)

    def make(self) -> RedisAccessStore:
        return RedisAccessStore(self.place, measure=self.measure)

    async def expire(self) -> None:
        with self.redis.client() as client:
            for key in client.scan_iter(f"{access_scripts.PREFIX}revocations*"):
                client.delete(key)

    async def lose_everything(self) -> AccessStore:
        with self.redis.client() as client:
            client.flushall()
        self.move_to(self.now)
        return self.make()


@pytest.fixture
async def store(redis: Redis) -> AsyncIterator[RedisAccessStore]:
    store = RedisAccessStore(redis.url)
    yield store
    await store.close()


async def test_quotas_are_used_by_the_clock_of_redis(redis: Redis, store: RedisAccessStore) -> None:
    one = charge(per_minute=7)
    with redis.client() as client:

        def now() -> int:
            seconds, microseconds = client.time()
            return seconds * 1_000_000 + microseconds

        before = now()
        assert await store.charge([one]) is None
        after = now()
        used_until = int(client.get(f"{access_scripts.PREFIX}quota:{one.key}") or 0)
        assert before <= used_until - one.interval <= after
    refused = await store.charge([charge(7, per_minute=7)])
    assert refused is not None
    assert 0 < refused.retry_after_seconds <= one.interval / 1e6


async def test_all_but_keys_expires(redis: Redis, store: RedisAccessStore) -> None:
    await store.add_key(KEY)
    await store.revoke_key(KEY.key_id, 1.0)
    await store.revoke(revocation(1), 5)
    await store.charge([charge(0), charge(per_minute=MINUTE, name="another")])
    await store.debit([charge(120)])
    with redis.client() as client:
        left = {
            key.decode().removeprefix(access_scripts.PREFIX): client.pttl(key)
            for key in client.scan_iter("streaming:*")
        }
    quota = left.pop(f"quota:{charge().key}")
    assert 100_000 < quota <= 120_000
    assert left.pop("keys") == left.pop("digests") == -1
    left.pop(f"quota:{charge(name='another').key}", None)  # of a microsecond: most likely gone
    assert left.keys() == {"revocations", "revocations:ends"}
    assert all(0 < milliseconds <= 1000 * KEY_REVOCATION_KEPT_SECONDS for milliseconds in left.values())


async def test_expired_revocations_are_deleted(redis: Redis, store: RedisAccessStore) -> None:
    await asyncio.gather(*(store.revoke(revocation(number), 1e-6) for number in range(50)))
    await store.revoke(revocation("last"), 60)
    with redis.client() as client:
        sizes = [client.zcard(access_scripts.PREFIX + name) for name in ("revocations", "revocations:ends")]
    assert sizes == [1, 1]

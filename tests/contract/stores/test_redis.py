"""The Redis store, with a real Redis that is stopped, frozen, full or restarted."""

import asyncio
import re
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest

from service.protocol.limits import Limits
from service.session.ports import SessionStore, StoreUnavailable
from service.session.records import SessionSnapshot, StreamStatus
from service.stores.failures import NoAnswer, Refused
from service.stores.redis import access_scripts, live_scripts, scripts
from service.stores.redis.store import RedisSessionStore
from service.stores.store_limits import StoreSize
from tests.backends.dead import black_hole, refusing, silent
from tests.backends.fixtures import StartRedis
from tests.backends.redis import Redis
from tests.conftest import PROJECT, environment
from tests.contract.stores.contract import SharedStoreContract
from tests.contract.stores.contract.records import FIRST, RECORD, SECOND, THIRD, claim, opened
from tests.waiting import wait_for

LIMITS = Limits(max_requests=100, max_session_seconds=60)
TTL_SECONDS = 10

COUNTER = """
import asyncio, sys
from service.protocol.limits import Limits
from service.stores.redis.store import RedisSessionStore

async def count() -> None:
    store = RedisSessionStore(sys.argv[1], Limits(max_requests=100), 10)
    snapshot = await store.open("s")
    admissions = await asyncio.gather(*(store.admit(snapshot, "a-stream", None) for _ in range(500)))
    await store.close()
    print(*(one.requests_used for one in admissions if one.admitted))

asyncio.run(count())
"""
"""A process that makes requests; its argument is the URL."""


def documented_user() -> list[str]:
    """The command that creates a user with the permissions that the service needs."""
    command: str
    [command] = re.findall("`(ACL SETUSER .*?)`", (PROJECT / "docs" / "operations.md").read_text())
    return command.split()


def test_the_documented_user_has_no_permission_that_is_not_used() -> None:
    sources = "".join(Path(str(module.__file__)).read_text() for module in (scripts, access_scripts, live_scripts))
    in_scripts = re.findall(r"redis\.call\('(\w+)'", sources)
    alone = ["PING", "SELECT", "EVAL", "EVALSHA", "HVALS", "PUBLISH", "SUBSCRIBE", "UNSUBSCRIBE"]
    permissions = [part[1:].upper() for part in documented_user() if part.startswith("+")]
    assert sorted(permissions) == sorted({*in_scripts, *alone})


class TestRedisSessionStore(SharedStoreContract):
    """As the user of docs/operations.md."""

    slack_seconds: ClassVar = 0.25

    @pytest.fixture(autouse=True)
    def _redis(self, redis: Redis) -> None:
        self.redis = redis
        with redis.client() as client:
            client.execute_command(*documented_user())  # type: ignore[no-untyped-call]

    def make(self) -> RedisSessionStore:
        url = self.redis.url.replace("//", "//streaming:password@")
        return RedisSessionStore(url, self.limits, self.resume_ttl_seconds, store_limits=self.store_limits)

    async def size(self, store: SessionStore) -> StoreSize:
        assert isinstance(store, RedisSessionStore)
        return await store.measure()

    async def pass_seconds(self, seconds: float) -> None:
        with self.redis.client() as client:
            for key in client.scan_iter():
                if client.type(key) == b"zset":  # of times at which something ends
                    members: Any = client.zrange(key, 0, -1)
                    for member in members:
                        client.zincrby(key, -seconds * 1000, member)
                client.pexpire(key, client.pttl(key) - round(seconds * 1000))

    async def holds(self, content: bytes) -> bool:
        with self.redis.client() as client:
            streams = client.scan_iter("streaming:*:stream:*")
            return any(content in value for key in streams for value in client.hvals(key))

    async def test_the_limit_is_exact_for_four_processes(self) -> None:
        async def counted() -> list[int]:
            command = (sys.executable, "-c", COUNTER, self.redis.url)
            process = await asyncio.create_subprocess_exec(*command, env=environment(), stdout=PIPE)
            output, _ = await process.communicate()
            return [int(number) for number in output.split()]

        counts = await asyncio.gather(*(counted() for _ in range(4)))
        assert sorted(number for some in counts for number in some) == list(range(1, 101))

    async def test_all_keys_expire(self) -> None:
        store = RedisSessionStore(self.redis.url, Limits(max_session_seconds=0.5), 0.4)
        snapshot = await opened(store, "s")
        await store.admit(snapshot, "a-stream", claim())
        await store.admit(snapshot, "b-stream", claim(owner=THIRD, presented=FIRST))
        await store.admit(SessionSnapshot("lost", "e", 0, 0.5), "b-stream", claim(owner=SECOND))
        await store.put(RECORD)
        await store.close()
        with self.redis.client() as client:
            left = {key.decode(): client.pttl(key) for key in client.scan_iter()}
            assert sorted(left) == [
                "streaming:3:bytes",
                "streaming:3:bytes:sessions",
                "streaming:3:claims:lost",
                "streaming:3:claims:s",
                "streaming:3:session:lost",
                "streaming:3:session:s",
                "streaming:3:sessions",
                "streaming:3:stream:a-stream",
                "streaming:3:streams",
            ]
            assert all(0 < milliseconds <= 1000 for milliseconds in left.values())
            wait_for(lambda: client.dbsize() == 0, "Redis is empty")  # the size includes expired keys

    async def test_scripts_that_redis_has_not_cached_are_sent_again(self, store: SessionStore) -> None:
        snapshot = await opened(store, "s")
        with self.redis.client() as client:
            client.script_flush()
        assert (await store.admit(snapshot, "a-stream", None)).requests_used == 1

    async def test_a_unix_socket_can_be_used(self, store: SessionStore) -> None:
        snapshot = await opened(store, "s")
        by_file = RedisSessionStore(self.redis.unix_url, LIMITS, TTL_SECONDS)
        assert (await opened(by_file, "s")).incarnation == snapshot.incarnation
        await by_file.close()

    async def test_connections_that_redis_has_closed_are_opened_again(self, store: SessionStore) -> None:
        snapshot = await opened(store, "s")
        await asyncio.gather(*(opened(store, "s") for _ in range(20)))
        with self.redis.client() as client:
            client.client_kill_filter(_type="normal", skipme=True)
        for _ in range(2):  # until the loop has seen it
            await asyncio.sleep(0)
        admissions = await asyncio.gather(*(store.admit(snapshot, "a-stream", None) for _ in range(20)))
        assert sum(one.admitted for one in admissions) == self.limits.max_requests


@pytest.fixture
def own_redis(start_redis: StartRedis) -> Redis:
    """A Redis that the test may stop."""
    return start_redis()


@pytest.fixture
async def store(own_redis: Redis) -> AsyncIterator[RedisSessionStore]:
    store = RedisSessionStore(own_redis.url, LIMITS, TTL_SECONDS)
    yield store
    await store.close()


def all_calls(store: RedisSessionStore) -> list[Coroutine[Any, Any, object]]:
    """One call of each operation."""
    return [
        opened(store, "s"),
        store.admit(SessionSnapshot("s", "e", 0, 60), "a-stream", claim()),
        store.put(RECORD),
        store.get("a-stream"),
        store.acquire("a-stream", 0, SECOND),
        store.mark_skip("a-stream", 0, 1, settled=True),
        store.renew_leases({"a-stream": 0}),
    ]


@pytest.mark.parametrize("connected", [True, False])
async def test_calls_to_a_frozen_redis_fail_and_late_answers_are_discarded(own_redis: Redis, connected: bool) -> None:
    store = RedisSessionStore(own_redis.url, LIMITS, TTL_SECONDS, deadline_seconds=0.2)
    if connected:
        await asyncio.gather(*all_calls(store))
    with own_redis.frozen():
        calls = [call for _ in range(15) for call in all_calls(store)]  # twice as many as there are connections
        failures = await asyncio.gather(*calls, return_exceptions=True)
    assert {type(one) for one in failures} == {NoAnswer}
    await store.close()
    store = RedisSessionStore(own_redis.url, LIMITS, TTL_SECONDS)
    snapshots = await asyncio.gather(*(opened(store, f"new-{number}") for number in range(100)))
    assert {snapshot.requests_used for snapshot in snapshots} == {0}
    await store.close()


@pytest.mark.parametrize("dead", [refusing, silent, black_hole])
async def test_calls_to_a_dead_address_fail(dead: Callable[[], AbstractContextManager[str]]) -> None:
    with dead() as address:
        store = RedisSessionStore(f"redis://{address}", LIMITS, TTL_SECONDS, deadline_seconds=0.2)
        outcomes = await asyncio.gather(*all_calls(store), return_exceptions=True)
        assert all(isinstance(one, StoreUnavailable) for one in outcomes)
        await store.close()


async def test_a_full_redis_refuses_writes(own_redis: Redis, store: RedisSessionStore) -> None:
    await store.put(RECORD)
    with own_redis.client() as client:
        client.config_set("maxmemory", 1)  # no write is accepted
    with pytest.raises(Refused, match="OutOfMemoryError"):
        await store.put(RECORD)
    assert await store.get("a-stream") == RECORD


async def test_a_redis_without_its_replicas_refuses_writes(own_redis: Redis, store: RedisSessionStore) -> None:
    await opened(store, "s")
    with own_redis.client() as client:
        client.config_set("min-replicas-to-write", 1)
    with pytest.raises(Refused, match="NOREPLICAS"):
        await store.put(RECORD)
    assert (await opened(store, "s")).shared


async def test_a_restarted_redis_is_used_again(own_redis: Redis, store: RedisSessionStore) -> None:
    snapshot = await opened(store, "s")
    await store.admit(snapshot, "a-stream", None)
    own_redis.stop()
    with pytest.raises(StoreUnavailable):
        await opened(store, "s")
    own_redis.start()
    again = await store.admit(msgspec.structs.replace(snapshot, requests_used=1), "b-stream", None)
    assert (again.admitted, again.requests_used) == (True, 2), "the count comes from the snapshot"


async def test_more_callers_than_connections_wait_in_order(store: RedisSessionStore) -> None:
    async def call_often() -> None:
        for _ in range(30):
            await opened(store, "s")

    await asyncio.gather(*(call_often() for _ in range(200)))  # four times as many as there are connections


async def test_status_updates_do_not_block_and_are_dropped_while_redis_does_not_answer(own_redis: Redis) -> None:
    store = RedisSessionStore(own_redis.url, LIMITS, TTL_SECONDS, deadline_seconds=0.2)
    await store.put(RECORD)
    with own_redis.frozen():
        for _ in range(50_000):
            store.update_status("a-stream", 0, StreamStatus.PAUSED)
        await store.close()  # returns, though no answer comes
    store.update_status("a-stream", 0, StreamStatus.ENDED)
    await store.close()
    found = await store.get("a-stream")
    assert found is not None
    assert found.counted, "later updates are stored"
    await store.close()


async def test_at_most_ten_thousand_status_updates_are_queued(store: RedisSessionStore) -> None:
    await store.put(RECORD)
    for change in (*[StreamStatus.PAUSED] * 10_000, StreamStatus.RESUMED):
        store.update_status("a-stream", 0, change)
    await store.close()
    found = await store.get("a-stream")
    assert found is not None
    assert found.paused


async def test_leases_are_renewed_in_several_calls(store: RedisSessionStore) -> None:
    ids = [f"stream-{number}" for number in range(1201)]
    for stream_id in ids:
        await store.put(msgspec.structs.replace(RECORD, stream_id=stream_id, plan=b""))
    lost = {ids[0], ids[499], ids[500], ids[1200]}
    for stream_id in lost:
        await store.acquire(stream_id, 0, FIRST)
    assert await store.renew_leases(dict.fromkeys(ids, 0)) == lost

"""Content is stored only where the settings allow it, and only for its time to live."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from redis import Redis as Client

from tests.backends.redis import Redis
from tests.clients.recovering import CountedStream, RecoveringClient
from tests.integration.instances.conftest import StartInstances, Store
from tests.waiting import wait_for

CANARY = "xylophonecanary"
CONTENTS = ({"content": f"{CANARY} " * 200}, {"content": f"<p>{CANARY}</p>" * 800, "content_type": "html"})


def _values(client: Client, key: bytes) -> list[bytes]:
    """All values of a key in Redis."""
    kind = client.type(key)
    if kind == b"string":
        return [cast("bytes", client.get(key))]
    return cast("list[bytes]", client.hvals(key) if kind == b"hash" else client.zrange(key, 0, -1))


class StoredBytes:
    """All bytes that instances have written to files and to Redis."""

    def __init__(self, folder: Path, redis: Redis | None) -> None:
        self._folder = folder
        self._redis = redis

    def __contains__(self, text: str) -> bool:
        return any(text.encode() in place for place in self._places())

    def _places(self) -> Iterator[bytes]:
        for data in self._folder.glob("data*"):
            for file in data.rglob("*"):
                if file.is_file():
                    yield file.read_bytes()
        if self._redis is not None:
            with self._redis.client() as client:
                for key in cast("list[bytes]", client.keys()):
                    yield key
                    yield from _values(client, key)


@pytest.fixture
def stored(tmp_path: Path, store: Store, request: pytest.FixtureRequest) -> StoredBytes:
    return StoredBytes(tmp_path, request.getfixturevalue("redis") if store == "redis" else None)


async def test_content_of_a_recoverable_stream_is_stored_for_its_time_to_live(
    start_instances: StartInstances, stored: StoredBytes
) -> None:
    instances = start_instances(2, RESUME_TTL=1, CACHE_SIZE=0)
    async with RecoveringClient(instances.address, "stored") as client:
        stream = CountedStream(content=f"{CANARY} " * 100, speed="superfast")
        await client.follow(stream, until_chunks=1)
        assert stream.resumable
        assert CANARY in stored
        await client.drop()
        wait_for(lambda: CANARY not in stored, "the content is deleted")


async def test_with_store_content_off_no_content_is_stored_and_no_stream_is_recoverable(
    start_instances: StartInstances, stored: StoredBytes
) -> None:
    instances = start_instances(2, STORE_CONTENT="off")
    async with (
        RecoveringClient(instances.address, "off") as client,
        RecoveringClient(instances.address, "off") as other,
    ):
        greeting = await client.join()
        assert "resume_token" not in greeting
        for content in CONTENTS:
            stream = CountedStream(**content, speed="superfast", request_id="mine")
            await client.follow(stream, until_chunks=2)
            assert stream.resumable is False
            assert CANARY not in stored
            await other.join()
            refused = await other.recover(stream.stream_id, 1, "x" * 43)
            assert (refused["recovered"], refused["reason"]) == (False, "unavailable")
            await client.send("stream_control", action="skip")
            await client.follow(stream)
            assert CANARY not in stored
    for member in instances.members:
        member.stop()
    assert CANARY not in stored

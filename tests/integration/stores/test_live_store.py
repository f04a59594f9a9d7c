"""The store of live streams that the settings select, and the record of its calls."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace
from pydantic import SecretStr

from service.events import OPERATIONS, DataSystem, Dependency, DependencyCalled, Event, Operation, StoredInMemory
from service.live.append_rule import Refusal
from service.live.ports import Appended, Expiry, Refused
from service.live.records import Append, LiveStatus
from service.settings import Settings
from service.stores.factory import create_live_store
from tests.backends.redis import Redis
from tests.contract.live.samples import RECORD


class Recording:
    """Implements ``Recorder``."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def record(self, event: Event) -> None:
        self.events.append(event)

    def calls(self) -> Sequence[tuple[Dependency, DataSystem, Operation]]:
        return [(one.dependency, one.system, one.operation) for one in self.events if isinstance(one, DependencyCalled)]


async def call_everything(settings: Settings, recording: Recording) -> StoredInMemory | None:
    """Make each call of the store once; return why it is in memory."""
    store, degradation = create_live_store(settings, recording)
    stream_id = RECORD.stream_id
    await store.create(RECORD)
    long = bytes(settings.live_max_size + 1)
    results = await store.append([Append(stream_id, 0, 0, b"abc"), Append(stream_id, 0, 0, b"abc" + long)])
    assert list(results) == [Appended(3, b"abc", LiveStatus.OPEN), Refused(Refusal.TOO_LARGE, 3)]
    await store.adopt(stream_id)
    await store.cancel(stream_id)
    cancelled = await store.get(stream_id)
    assert cancelled is not None
    expected = replace(RECORD, epoch=1, length=3, status=LiveStatus.CANCELLED)
    assert replace(cancelled, silent_seconds=0.0) == expected
    assert await store.read(stream_id, 1) == b"bc"
    assert list(await store.open_streams(RECORD.session_key)) == []
    assert await store.expire() == Expiry([], [], 0, 0, 0)
    await store.close()
    return degradation


async def test_every_call_of_redis_and_of_a_file_is_recorded(redis: Redis, tmp_path: Path) -> None:
    for settings, system in (
        (Settings(data_dir=tmp_path), DataSystem.SQLITE),
        (Settings(redis_url=SecretStr(redis.url)), DataSystem.REDIS),
    ):
        recording = Recording()
        assert await call_everything(settings, recording) is None
        assert list(dict.fromkeys(recording.calls())) == [
            (Dependency.LIVE_STORE, system, operation) for operation in OPERATIONS[Dependency.LIVE_STORE]
        ]
    assert (tmp_path / "live.sqlite3").exists()


async def test_without_a_usable_file_it_works_in_memory(tmp_path: Path) -> None:
    file = tmp_path / "a-file"
    file.write_text("")
    recording = Recording()
    degradation = await call_everything(Settings(data_dir=file), recording)
    assert degradation is not None
    assert degradation.what is Dependency.LIVE_STORE
    assert degradation.reason.startswith(str(file))
    assert recording.calls() == []


@pytest.mark.parametrize("url", [None, SecretStr("redis://127.0.0.1:1/0")])
def test_content_that_may_not_be_stored_is_in_memory(url: SecretStr | None, tmp_path: Path) -> None:
    recording = Recording()
    settings = Settings(data_dir=tmp_path, store_content=False, redis_url=url)
    assert asyncio.run(call_everything(settings, recording)) is None
    assert recording.events == []
    assert list(tmp_path.iterdir()) == []

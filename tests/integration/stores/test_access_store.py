"""The access store that the settings select, and the record of its calls."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from service.events import (
    OPERATIONS,
    DataSystem,
    Dependency,
    DependencyCalled,
    DependencyChanged,
    Event,
    Operation,
    StoredInMemory,
)
from service.session.ports import StoreUnavailable
from service.settings import Settings, SettingsError
from service.stores.factory import check_access_store, create_access_store
from tests.backends.dead import refusing
from tests.backends.redis import Redis
from tests.contract.access.samples import KEY, charge, revocation


class Recording:
    """Implements ``Recorder``."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def record(self, event: Event) -> None:
        self.events.append(event)

    def calls(self) -> list[tuple[Dependency, DataSystem, Operation]]:
        return [(one.dependency, one.system, one.operation) for one in self.events if isinstance(one, DependencyCalled)]


async def call_everything(settings: Settings, recording: Recording) -> StoredInMemory | None:
    """Make each call of the store once; return why it is in memory."""
    store, degradation = create_access_store(settings, recording)
    await store.add_key(KEY)
    assert await store.find_key(KEY.digest) == KEY
    await store.keys()
    assert await store.revoke_key(KEY.key_id, 1.0)
    await store.revoke(revocation(1), 60)
    assert len(await store.revocations(0)) == 2
    assert await store.charge([charge()]) is None
    await store.debit([charge()])
    await store.close()
    return degradation


async def test_every_call_of_redis_and_of_a_file_is_recorded(redis: Redis, tmp_path: Path) -> None:
    for settings, system in (
        (Settings(data_dir=tmp_path), DataSystem.SQLITE),
        (Settings(redis_url=SecretStr(redis.url)), DataSystem.REDIS),
    ):
        recording = Recording()
        assert await call_everything(settings, recording) is None
        declared = OPERATIONS[Dependency.ACCESS_STORE]
        assert list(dict.fromkeys(recording.calls())) == [
            (Dependency.ACCESS_STORE, system, operation) for operation in declared
        ]
    assert (tmp_path / "access.sqlite3").exists()


async def test_without_a_usable_file_it_works_in_memory(tmp_path: Path) -> None:
    file = tmp_path / "a-file"
    file.write_text("")
    recording = Recording()
    degradation = await call_everything(Settings(data_dir=file), recording)
    assert degradation is not None
    assert degradation.what is Dependency.ACCESS_STORE
    assert degradation.reason.startswith(str(file))
    assert recording.calls() == []


@pytest.mark.parametrize("damaged", [True, False])
async def test_with_authentication_nothing_starts_without_the_revocations(damaged: bool, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    if damaged:
        folder.mkdir()
        (folder / "access.sqlite3").write_bytes(b"no database " * 1000)
    else:
        folder.write_text("")
    settings = Settings(data_dir=folder, auth_mode="key")
    for start in (lambda: create_access_store(settings, Recording()), lambda: check_access_store(settings)):
        with pytest.raises(SettingsError, match=r"would accept revoked tokens: .*data"):
            start()
    check_access_store(Settings(data_dir=folder, quota_by_address=True))
    check_access_store(Settings(data_dir=tmp_path / "new", auth_mode="key"))


async def test_an_unavailable_redis_is_recorded_once() -> None:
    with refusing() as address:
        recording = Recording()
        store, _ = create_access_store(Settings(redis_url=SecretStr(f"redis://{address}")), recording)
        for _ in range(10):
            with pytest.raises(StoreUnavailable):
                await store.charge([charge()])
        [changed] = [one for one in recording.events if isinstance(one, DependencyChanged)]
        assert (changed.dependency, changed.up) == (Dependency.ACCESS_STORE, False)
        await store.close()

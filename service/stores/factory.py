"""Creates the stores that the settings select."""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from service.access.ports import AccessStore
from service.events import DataSystem, Dependency, StoredInMemory
from service.live.ports import LiveStore
from service.process.dependency_calls import DependencyCalls
from service.session.ports import Recorder, SessionStore
from service.settings import Settings, SettingsError
from service.stores.failover import FailoverSessionStore
from service.stores.monitored_access_store import MonitoredAccessStore
from service.stores.monitored_live_store import MonitoredLiveStore
from service.stores.sqlite.access_schema import ACCESS_SCHEMA
from service.stores.sqlite.access_store import SqliteAccessStore
from service.stores.sqlite.live_store import SqliteLiveStore
from service.stores.sqlite.schema import SchemaMismatch, open_connection
from service.stores.sqlite.store import SqliteSessionStore
from service.stores.store_limits import LiveLimits, StoreLimits

if TYPE_CHECKING:
    from service.stores.redis.plan_store import RedisPlanStore

FILE_NAME = "sessions.sqlite3"
ACCESS_FILE_NAME = "access.sqlite3"
"""Of keys, revocations and quotas."""
LIVE_FILE_NAME = "live.sqlite3"
"""Of live streams. All three are in ``DATA_DIR``."""


_LOCAL_SESSIONS = 50_000
_LOCAL_BYTES = 32 * 2**20
"""What a process keeps of sessions in its memory; it stores no streams there."""
_LOCAL_LIVE_BYTES = 128 * 2**20
"""What a process keeps of live streams in its memory."""


class StoreSelection(NamedTuple):
    store: SessionStore
    kind: str
    """The name in ``/health``."""
    degradation: StoredInMemory | None = None
    """Why sessions are kept in memory although the settings select a file."""


def create_session_store(settings: Settings, recorder: Recorder) -> StoreSelection:
    """Redis if ``REDIS_URL`` is set, else a file, or memory if the file cannot be used. Blocks while the file opens."""
    limits, ttl_seconds = settings.limits, settings.resume_ttl
    store_limits = StoreLimits(settings.store_max_bytes, settings.store_max_sessions)
    local_limits = StoreLimits(_LOCAL_BYTES, min(_LOCAL_SESSIONS, settings.store_max_sessions))
    memory = SqliteSessionStore(None, limits, ttl_seconds, store_limits=local_limits)
    if settings.redis_url is not None:
        from service.stores.redis.store import RedisSessionStore  # noqa: PLC0415 - loading the library takes long

        redis = RedisSessionStore(
            settings.redis_url.get_secret_value(),
            limits,
            ttl_seconds,
            store_limits=store_limits,
            measure=DependencyCalls(Dependency.SESSION_STORE, DataSystem.REDIS, recorder).measure,
        )
        return StoreSelection(FailoverSessionStore(redis, memory, recorder), "redis")
    path = settings.data_dir / FILE_NAME
    try:
        calls = DependencyCalls(Dependency.SESSION_STORE, DataSystem.SQLITE, recorder)
        file = SqliteSessionStore(path, limits, ttl_seconds, store_limits=store_limits, measure=calls.measure)
    except (OSError, SchemaMismatch) as error:
        return StoreSelection(memory, "memory", _in_memory(Dependency.SESSION_STORE, path, error))
    return StoreSelection(FailoverSessionStore(file, memory, recorder), "sqlite")


class AccessStoreSelection(NamedTuple):
    store: AccessStore
    degradation: StoredInMemory | None = None
    """Why keys, revocations and quotas are kept in memory although the settings select a file."""


def create_access_store(settings: Settings, recorder: Recorder) -> AccessStoreSelection:
    """Redis if ``REDIS_URL`` is set, else a file. Blocks while the file opens.

    If the file cannot be used, quotas are kept in memory; with authentication ``SettingsError`` is raised: memory has
    no revocations, so revoked tokens would be accepted.
    """
    if settings.redis_url is not None:
        from service.stores.redis.access_store import RedisAccessStore  # noqa: PLC0415 - loading the library takes long

        calls = DependencyCalls(Dependency.ACCESS_STORE, DataSystem.REDIS, recorder)
        redis = RedisAccessStore(settings.redis_url.get_secret_value(), measure=calls.measure)
        return AccessStoreSelection(MonitoredAccessStore(redis, recorder))
    path = settings.data_dir / ACCESS_FILE_NAME
    calls = DependencyCalls(Dependency.ACCESS_STORE, DataSystem.SQLITE, recorder)
    try:
        file = SqliteAccessStore(path, measure=calls.measure)
    except (OSError, SchemaMismatch) as error:
        degradation = _in_memory(Dependency.ACCESS_STORE, path, error)
        if settings.auth_mode != "none":
            raise _without_revocations(settings, degradation) from None
        return AccessStoreSelection(SqliteAccessStore(None), degradation)
    return AccessStoreSelection(MonitoredAccessStore(file, recorder))


def check_access_store(settings: Settings) -> None:
    """Raise ``SettingsError`` where ``create_access_store`` would."""
    if settings.auth_mode == "none" or settings.redis_url is not None:
        return
    path = settings.data_dir / ACCESS_FILE_NAME
    try:
        open_connection(path, ACCESS_SCHEMA).close()
    except (OSError, SchemaMismatch) as error:
        raise _without_revocations(settings, _in_memory(Dependency.ACCESS_STORE, path, error)) from None


def _without_revocations(settings: Settings, degradation: StoredInMemory) -> SettingsError:
    return SettingsError(
        f"The store of keys and revocations cannot be used, and without it AUTH_MODE={settings.auth_mode} would accept "
        f"revoked tokens: {degradation.reason}. If it is damaged, restore it from a backup and do not remove it."
    )


class LiveStoreSelection(NamedTuple):
    store: LiveStore
    degradation: StoredInMemory | None = None
    """Why live streams are kept in memory although the settings select a file."""


def create_live_store(settings: Settings, recorder: Recorder) -> LiveStoreSelection:
    """Redis if ``REDIS_URL`` is set, else a file, or memory if the file cannot be used. Blocks while the file opens.

    Content that may not be stored is in the memory of this process: only its own readers and producers find a stream.
    """
    limits = LiveLimits(settings.live_max_size, settings.store_max_bytes)
    if settings.store_content and settings.redis_url is not None:
        from service.stores.redis.live_store import RedisLiveStore  # noqa: PLC0415 - loading the library takes long

        calls = DependencyCalls(Dependency.LIVE_STORE, DataSystem.REDIS, recorder)
        url = settings.redis_url.get_secret_value()
        redis = RedisLiveStore(url, limits, settings.resume_ttl, measure=calls.measure)
        return LiveStoreSelection(MonitoredLiveStore(redis, recorder))
    if settings.store_content:
        path = settings.data_dir / LIVE_FILE_NAME
        calls = DependencyCalls(Dependency.LIVE_STORE, DataSystem.SQLITE, recorder)
        try:
            file = SqliteLiveStore(path, limits, settings.resume_ttl, measure=calls.measure)
        except (OSError, SchemaMismatch) as error:
            degradation = _in_memory(Dependency.LIVE_STORE, path, error)
        else:
            return LiveStoreSelection(MonitoredLiveStore(file, recorder))
    else:
        degradation = None
    local = LiveLimits(limits.max_length, min(_LOCAL_LIVE_BYTES, limits.max_bytes))
    return LiveStoreSelection(SqliteLiveStore(None, local, settings.resume_ttl), degradation)


def _in_memory(dependency: Dependency, path: Path, error: OSError | SchemaMismatch) -> StoredInMemory:
    reason = str(error.strerror or error) if isinstance(error, OSError) else str(error)
    return StoredInMemory(dependency, f"{path}: {reason}")


def create_plan_store(settings: Settings, recorder: Recorder) -> "RedisPlanStore | None":
    """The store through which processes share plans, if Redis is configured and content may be stored."""
    if settings.redis_url is None or not settings.store_content:
        return None
    from service.stores.redis.plan_store import RedisPlanStore  # noqa: PLC0415 - as above

    return RedisPlanStore(settings.redis_url.get_secret_value(), settings.resume_ttl, recorder)

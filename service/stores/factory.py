"""Creates the stores that the settings select."""

from typing import TYPE_CHECKING, NamedTuple

from service.events import DataSystem, Dependency, StoredInMemory
from service.process.dependency_calls import DependencyCalls
from service.session.ports import Recorder, SessionStore
from service.settings import Settings
from service.stores.failover import FailoverSessionStore
from service.stores.sqlite.schema import SchemaMismatch
from service.stores.sqlite.store import SqliteSessionStore
from service.stores.store_limits import StoreLimits

if TYPE_CHECKING:
    from service.stores.redis.plan_store import RedisPlanStore

FILE_NAME = "sessions.sqlite3"
"""In ``DATA_DIR``."""


_LOCAL_SESSIONS = 50_000
_LOCAL_BYTES = 32 * 2**20
"""What a process keeps of sessions in its memory; it stores no streams there."""


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
        reason = str(error.strerror or error) if isinstance(error, OSError) else str(error)
        return StoreSelection(memory, "memory", StoredInMemory(Dependency.SESSION_STORE, f"{path}: {reason}"))
    return StoreSelection(FailoverSessionStore(file, memory, recorder), "sqlite")


def create_plan_store(settings: Settings, recorder: Recorder) -> "RedisPlanStore | None":
    """The store through which processes share plans, if Redis is configured and content may be stored."""
    if settings.redis_url is None or not settings.store_content:
        return None
    from service.stores.redis.plan_store import RedisPlanStore  # noqa: PLC0415 - as above

    return RedisPlanStore(settings.redis_url.get_secret_value(), settings.resume_ttl, recorder)

"""The stores that the settings ask for."""

from typing import TYPE_CHECKING, NamedTuple

from service.events import Dependency, StoredInMemory
from service.session.ports import Recorder, SessionStore
from service.settings import Settings
from service.stores.failover import FailoverSessionStore
from service.stores.sqlite.schema import SchemaMismatch
from service.stores.sqlite.store import SqliteSessionStore

if TYPE_CHECKING:
    from service.stores.redis.plan_store import RedisPlanStore

FILE_NAME = "sessions.sqlite3"
"""In ``DATA_DIR``."""


class ChosenStore(NamedTuple):
    store: SessionStore
    kind: str
    """In a word, for people."""
    trouble: StoredInMemory | None = None
    """Why it is not what was asked for."""


def session_store(settings: Settings, recorder: Recorder) -> ChosenStore:
    """Redis if there is an address, else a file, else this process's memory. Blocks for the time that a file takes."""
    limits, ttl_seconds = settings.limits, settings.resume_ttl
    memory = SqliteSessionStore(None, limits, ttl_seconds)
    if settings.redis_url is not None:
        from service.stores.redis.store import RedisSessionStore  # noqa: PLC0415 - the library takes its time, used or not

        redis = RedisSessionStore(settings.redis_url.get_secret_value(), limits, ttl_seconds)
        return ChosenStore(FailoverSessionStore(redis, memory, recorder), "redis")
    try:
        file = SqliteSessionStore(settings.data_dir / FILE_NAME, limits, ttl_seconds)
    except (OSError, SchemaMismatch) as error:
        reason = str(error.strerror or error) if isinstance(error, OSError) else str(error)
        trouble = StoredInMemory(Dependency.SESSION_STORE, f"{settings.data_dir / FILE_NAME}: {reason}")
        return ChosenStore(memory, "memory", trouble)
    return ChosenStore(FailoverSessionStore(file, memory, recorder), "sqlite")


def shared_plans(settings: Settings, recorder: Recorder) -> "RedisPlanStore | None":
    """Where processes find each other's plans, if there is such a place and content may be stored."""
    if settings.redis_url is None or not settings.store_content:
        return None
    from service.stores.redis.plan_store import RedisPlanStore  # noqa: PLC0415 - as above

    return RedisPlanStore(settings.redis_url.get_secret_value(), settings.resume_ttl, recorder)

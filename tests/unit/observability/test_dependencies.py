"""The states of dependencies."""

from pydantic import SecretStr

from observability.dependencies import DependencyStates
from service.events import Dependency, DependencyChanged, DependencyFailed, StoredInMemory
from service.settings import Settings

CONFIGURED = (Dependency.SESSION_STORE, Dependency.STREAM_WRITES, Dependency.STREAM_READS, Dependency.USAGE_STORE)


def test_a_configured_dependency_is_available_until_an_event_reports_otherwise() -> None:
    dependencies = DependencyStates(Settings(redis_url=SecretStr("redis://127.0.0.1:6379/0"), store_content=False))
    up = dependencies.up
    assert up == dict.fromkeys(CONFIGURED, True)
    dependencies.record(DependencyFailed(Dependency.SESSION_STORE))
    assert up[Dependency.SESSION_STORE], "a failed call is not an outage"
    dependencies.record(DependencyChanged(Dependency.SESSION_STORE, up=False, reason="refused"))
    assert up == dict.fromkeys(CONFIGURED, True) | {Dependency.SESSION_STORE: False}
    dependencies.record(DependencyChanged(Dependency.SESSION_STORE, up=True))
    assert all(up.values())


def test_a_store_in_memory_is_unavailable() -> None:
    dependencies = DependencyStates(Settings())
    dependencies.record(StoredInMemory(Dependency.SESSION_STORE, "read-only"))
    stored = (*CONFIGURED, Dependency.LIVE_STORE)
    assert dependencies.up == dict.fromkeys(stored, True) | {Dependency.SESSION_STORE: False}

"""The states of dependencies."""

from pydantic import SecretStr

from observability.dependencies import DependencyStates
from service.events import Dependency, DependencyChanged, DependencyFailed
from service.settings import Settings


def test_a_configured_dependency_is_available_until_an_event_reports_otherwise() -> None:
    dependencies = DependencyStates(Settings(redis_url=SecretStr("redis://127.0.0.1:6379/0"), store_content=False))
    up = dependencies.up
    assert up == {Dependency.SESSION_STORE: True, Dependency.USAGE_STORE: True}
    dependencies.record(DependencyFailed(Dependency.SESSION_STORE))
    assert up[Dependency.SESSION_STORE], "a failed call is not an outage"
    dependencies.record(DependencyChanged(Dependency.SESSION_STORE, up=False, reason="refused"))
    assert up == {Dependency.SESSION_STORE: False, Dependency.USAGE_STORE: True}
    dependencies.record(DependencyChanged(Dependency.SESSION_STORE, up=True))
    assert all(up.values())

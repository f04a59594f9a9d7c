"""What identifies a process: the defaults, and the variables that take precedence."""

from uuid import UUID

import pytest

from observability.resource_attributes import load_resource_attributes
from service import __version__
from service.settings import SettingsError


@pytest.fixture(autouse=True)
def _without_variables_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OTEL_RESOURCE_ATTRIBUTES", "OTEL_SERVICE_NAME"):
        monkeypatch.delenv(name, raising=False)


def test_each_process_has_an_id_of_its_own() -> None:
    first, second = load_resource_attributes(""), load_resource_attributes("staging")
    assert UUID(first.pop("service.instance.id")) != UUID(second.pop("service.instance.id"))
    assert first == {"service.name": "streaming-content-api", "service.version": __version__}
    assert second == first | {"deployment.environment.name": "staging"}


def test_the_variables_take_precedence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "service.instance.id=a%2Cb, service.version = 9,team=blue=1,empty=")
    attributes = load_resource_attributes("")
    assert attributes == {
        "service.name": "streaming-content-api",
        "service.version": "9",
        "service.instance.id": "a,b",
        "team": "blue=1",
        "empty": "",
    }
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "service.name=one")
    assert load_resource_attributes("")["service.name"] == "one"
    monkeypatch.setenv("OTEL_SERVICE_NAME", "two")
    assert load_resource_attributes("")["service.name"] == "two"


@pytest.mark.parametrize("value", ["team", "=blue", "a=1,b", "a=1,,b=2"])
def test_an_invalid_list_prevents_the_start(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", value)
    with pytest.raises(
        SettingsError, match=f"^OTEL_RESOURCE_ATTRIBUTES='{value}' is not allowed: it must be name=value"
    ):
        load_resource_attributes("")

"""Settings: the environment, and the sentence for a value that is wrong."""

from pathlib import Path

import pytest
from msgspec.structs import asdict

from service.content.html.policy import PAGE
from service.content.html.urls import HostList
from service.content.rules import DEFAULT_RULES, ContentRules
from service.protocol.limits import Limits
from service.settings import Settings, SettingsError, about, load_settings


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the .env and the variables of a developer."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def test_the_defaults_are_those_of_the_core() -> None:
    assert load_settings().limits == Limits()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PORT", "abc"),
        ("PORT", "65536"),
        ("LOG_LEVEL", "LOUD"),
        ("MAX_WORKERS", "65"),
        ("MAX_WORKERS", "0"),
        ("MAX_REQUESTS_PER_SESSION", "0"),
        ("MAX_SESSION_DURATION", "-1"),
        ("MAX_SESSION_DURATION", "inf"),
        ("IDLE_TIMEOUT", "nan"),
        ("CHUNK_TIMEOUT", "5s"),
        ("MAX_CHUNK_SIZE", "15"),
        ("ALLOWED_ORIGINS", "app.example.com"),
        ("ALLOWED_ORIGINS", "https://a.example,https://b.example/path"),
        ("TRUSTED_PROXIES", "10.0.0.1/8"),
        ("DRAIN_SECONDS", "1000"),
        ("CONTENT_POLICY", "strict"),
        ("REASONING_TAGS", "<think>"),
    ],
)
def test_an_invalid_value_is_reported_with_the_variable_the_value_and_the_allowed_values(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as refusal:
        load_settings()
    sentence = str(refusal.value)
    assert sentence == f"{variable}={value!r} is not allowed: it must be {about(variable.lower()).allowed}."


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("REDIS_URL", "http://user:secret@host"),
        ("REDIS_URL", "redis://:secret@host:port"),
        ("DATABASE_URL", "mysql://user:secret@host/database"),
        ("SENTRY_DSN", "https://secret@host"),
        ("PUBLISH_TOKEN", "short"),
        ("PUBLISH_TOKEN", "abababababababababab"),
        ("PUBLISH_TOKEN", "<the token of the back end>"),
        ("PUBLISH_TOKEN", "change-me-0123456789"),
        ("PUBLISH_TOKEN", "Publish_Token_1234567"),
    ],
)
def test_what_may_hold_a_password_is_not_shown(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as refusal:
        load_settings()
    assert str(refusal.value) == f"{variable}=... is not allowed: it must be {about(variable.lower()).allowed}."


def test_several_wrong_values_are_reported_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "x")
    monkeypatch.setenv("CHUNK_TIMEOUT", "y")
    with pytest.raises(SettingsError) as refusal:
        load_settings()
    assert [line.split("=")[0] for line in str(refusal.value).splitlines()] == ["PORT", "CHUNK_TIMEOUT"]


def test_an_empty_variable_is_as_none_and_a_file_counts_less_than_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path(".env").write_text("PORT=7000\nHOST=127.0.0.1\n")
    monkeypatch.setenv("HOST", "")
    monkeypatch.setenv("PORT", "7001")
    settings = load_settings()
    assert (settings.port, settings.host) == (7001, "127.0.0.1")


@pytest.mark.parametrize("variable", ["IMAGE_HOSTS", "LINK_HOSTS"])
def test_a_wrong_host_is_reported_with_what_to_do(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "a.example,https://b.example")
    with pytest.raises(SettingsError) as refusal:
        load_settings()
    assert str(refusal.value) == (
        f"{variable}='a.example,https://b.example' is not allowed: it must be {about(variable.lower()).allowed}. "
        "'https://b.example' has a scheme: write only the host, such as example.com."
    )


def test_the_rules_for_content_are_those_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    assert asdict(load_settings().content_rules) == asdict(DEFAULT_RULES)
    monkeypatch.setenv("CONTENT_POLICY", "PAGE")
    monkeypatch.setenv("IMAGE_HOSTS", "cdn.example.com,relative")
    monkeypatch.setenv("LINK_HOSTS", "none")
    monkeypatch.setenv("REASONING_TAGS", "Think, plan")
    rules = ContentRules(PAGE, HostList.parse("relative,cdn.example.com"), HostList.parse("none"), ("think", "plan"))
    assert asdict(load_settings().content_rules) == asdict(rules)


def test_what_is_shown_names_every_setting() -> None:
    assert set(load_settings().shown()) == {name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize(
    ("level", "log_content", "logs_content"), [("DEBUG", "on", True), ("INFO", "on", False), ("DEBUG", "off", False)]
)
def test_content_is_logged_only_if_two_settings_ask_for_it(
    monkeypatch: pytest.MonkeyPatch, level: str, log_content: str, *, logs_content: bool
) -> None:
    monkeypatch.setenv("LOG_LEVEL", level)
    monkeypatch.setenv("LOG_CONTENT", log_content)
    assert load_settings().logs_content is logs_content
    monkeypatch.delenv("LOG_CONTENT")
    assert not load_settings().logs_content

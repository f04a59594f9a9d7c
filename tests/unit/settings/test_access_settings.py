"""The settings of access: what they must agree in, and the sentence if they do not."""

from pathlib import Path

import pytest

from service.protocol.quota_kind import QuotaKind
from service.settings import Settings, SettingsError, load_settings, unknown_variables

SECRET = "of the issuer, and of thirty-two bytes"
COMPLETE = {"AUTH_MODE": "jwt", "AUTH_JWT_KEY": SECRET, "AUTH_JWT_ALGORITHMS": "HS256", "AUTH_JWT_AUDIENCE": "a"}


def load(monkeypatch: pytest.MonkeyPatch, settings: dict[str, str]) -> Settings:
    """The settings of an environment that has no others."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return load_settings()


def test_complete_settings_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, COMPLETE | {"AUTH_MODE": "JWT", "AUTH_MAX_TOKEN_AGE": "600"})
    assert (settings.auth_mode, settings.jwt_algorithms) == ("jwt", ("HS256",))
    assert settings.revocations_kept_seconds == 660
    assert SECRET not in str(settings.shown())
    assert load(monkeypatch, {"AUTH_MODE": "key"}).auth_mode == "key"
    assert load(monkeypatch, {}).auth_mode == "none"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"AUTH_JWT_KEY": ""},
            "needs one of AUTH_JWT_KEY, AUTH_JWT_KEY_FILE and AUTH_JWKS_URL, and none",
        ),
        ({"AUTH_JWT_KEY_FILE": "key.pem"}, "AUTH_JWT_KEY and AUTH_JWT_KEY_FILE are set"),
        ({"AUTH_JWT_ALGORITHMS": ""}, "needs AUTH_JWT_ALGORITHMS"),
        ({"AUTH_JWT_AUDIENCE": ""}, "needs AUTH_JWT_AUDIENCE"),
        ({"AUTH_JWT_ISSUER": "keys"}, "AUTH_JWT_ISSUER='keys' is not allowed"),
        ({"AUTH_JWT_KEY": "", "AUTH_JWKS_URL": "https://issuer.example"}, "AUTH_JWKS_URL has public keys"),
        ({"AUTH_MODE": "none"}, "AUTH_JWT_KEY is set, but AUTH_MODE=none does not use it: set AUTH_MODE=jwt"),
        ({"AUTH_MODE": "key", "AUTH_JWT_KEY": ""}, "AUTH_JWT_ALGORITHMS is set, but AUTH_MODE=key does not use it"),
        ({"AUTH_JWT_ALGORITHMS": "HS256,RS256"}, "AUTH_JWT_ALGORITHMS='HS256,RS256' is not allowed: it must be"),
        ({"AUTH_JWT_ALGORITHMS": "none"}, "AUTH_JWT_ALGORITHMS='none' is not allowed: it must be"),
        ({"AUTH_JWKS_URL": "http://issuer.example"}, "AUTH_JWKS_URL='http://issuer.example' is not allowed"),
        ({"AUTH_MODE": "on"}, "AUTH_MODE='on' is not allowed: it must be none, jwt or key."),
    ],
)
def test_what_contradicts_stops_the_start_with_one_sentence(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], sentence: str
) -> None:
    with pytest.raises(SettingsError) as refusal:
        load(monkeypatch, COMPLETE | changes)
    text = str(refusal.value)
    assert sentence in text
    assert ("\n" in text, text.endswith("."), SECRET in text) == (False, True, False)


def test_an_empty_mode_is_none_and_a_misspelt_name_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("AUTH_MODES=jwt\nAUTH_SPACE_CLAIM=org\nAUTH_EMPTY=\nQUOTA_BY_ADRESS=on\n")
    monkeypatch.setenv("AuthMode", "jwt")
    settings = load(monkeypatch, {"AUTH_MODE": "", "AUTH_TIMEOUT": "3"})
    assert (settings.auth_mode, settings.auth_space_claim) == ("none", "org")
    assert unknown_variables() == ("AUTH_MODES", "AuthMode", "QUOTA_BY_ADRESS")


def test_a_quota_of_0_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(load(monkeypatch, {}).quotas) == [*QuotaKind]
    quotas = load(monkeypatch, {"QUOTA_SESSIONS": "0", "QUOTA_REQUESTS": "7"}).quotas
    assert QuotaKind.SESSIONS not in quotas
    assert quotas[QuotaKind.REQUESTS] == 7

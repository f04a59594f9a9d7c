"""The authenticator that the settings select."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from service.access.principal import AccessRefusal, Principal
from service.identity.factory import check_token_keys, create_authenticator
from service.identity.key_authenticator import KeyAuthenticator
from service.settings import Settings, SettingsError
from tests.unit.identity.issuer import NOW, key_of, public, token
from tests.unit.identity.memory_access_store import MemoryAccessStore
from tests.unit.identity.recording import Recording

STORE = MemoryAccessStore()


def settings(**changes: object) -> Settings:
    return Settings.model_validate({"auth_jwt_audience": "streaming", "auth_mode": "jwt", **changes})


def test_without_authentication_there_is_none_and_a_key_needs_the_store() -> None:
    assert create_authenticator(Settings(), STORE, Recording()) is None
    assert isinstance(create_authenticator(Settings(auth_mode="key"), STORE, Recording()), KeyAuthenticator)


async def test_the_settings_are_the_rules(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(public(key_of("ES256")))
    checked = settings(
        auth_jwt_key_file=path,
        auth_jwt_algorithms="ES256, RS256",
        auth_jwt_issuer="https://issuer.example",
        auth_space_claim="org",
        auth_max_token_age=4000,
    )
    check_token_keys(checked)
    service = create_authenticator(checked, STORE, Recording())
    assert service is not None
    async with service.running():
        result = await service.authenticate(token("ES256", org="acme"), NOW)
        assert isinstance(result, Principal)
        assert (result.issuer, result.space) == ("https://issuer.example", "acme")
        wrong: dict[str, Any]
        for wrong in ({"iss": "x"}, {"aud": "x"}, {"org": ...}, {"exp": NOW + 3941}):
            assert await service.authenticate(token("ES256", **({"org": "acme"} | wrong)), NOW) is AccessRefusal.INVALID


def test_keys_that_cannot_be_used_stop_the_start_with_one_sentence_that_does_not_have_them(tmp_path: Path) -> None:
    path = tmp_path / "none"
    for given, sentence in (
        ({"auth_jwt_key": SecretStr("s3cret")}, "AUTH_JWT_KEY cannot be used: the secret has fewer than 32 bytes."),
        ({"auth_jwt_key_file": path}, f"AUTH_JWT_KEY_FILE={path} cannot be used: No such file or directory."),
    ):
        with pytest.raises(SettingsError) as refusal:
            check_token_keys(settings(auth_jwt_algorithms="HS256", **given))
        assert str(refusal.value) == sentence


def test_keys_at_an_address_are_not_fetched_for_the_check() -> None:
    check_token_keys(settings(auth_jwt_algorithms="RS256", auth_jwks_url="https://issuer.example/keys"))
    check_token_keys(Settings())

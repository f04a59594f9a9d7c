"""Creates the authenticator that the settings select."""

from functools import partial
from typing import TYPE_CHECKING

from service.access.claims import ClaimRules
from service.access.ports import AccessStore
from service.events import Event
from service.identity.key_authenticator import KeyAuthenticator
from service.session.ports import Recorder
from service.settings import Settings, SettingsError

if TYPE_CHECKING:
    from service.identity.jwt_authenticator import JwtAuthenticator
    from service.identity.key_source import KeySource


def create_authenticator(
    settings: Settings, store: AccessStore, recorder: Recorder
) -> "JwtAuthenticator | KeyAuthenticator | None":
    """Return the authenticator; ``None`` without authentication. Raises ``SettingsError`` for unusable keys."""
    if settings.auth_mode == "none":
        return None
    if settings.auth_mode == "key":
        return KeyAuthenticator(store.find_key)
    from service.identity.jwt_authenticator import JwtAuthenticator  # noqa: PLC0415 - loading its library takes long

    return JwtAuthenticator(
        _key_source(settings, recorder),
        settings.jwt_algorithms,
        ClaimRules(
            settings.auth_jwt_issuer,
            settings.auth_jwt_audience,
            settings.auth_space_claim,
            settings.auth_max_token_age,
        ),
    )


def check_token_keys(settings: Settings) -> None:
    """Raise ``SettingsError`` if the keys of the settings cannot be used. Those at an address are not fetched."""
    if settings.auth_mode == "jwt":
        _key_source(settings, _Unrecorded())


class _Unrecorded:
    """A ``Recorder`` for what ends before anything happens."""

    def record(self, event: Event) -> None: ...


def _key_source(settings: Settings, recorder: Recorder) -> "KeySource":
    from service.identity.fetch_keys import fetch_keys  # noqa: PLC0415 - as above
    from service.identity.jwks import RemoteKeys  # noqa: PLC0415
    from service.identity.key_set import UnusableKeys, read_key_set  # noqa: PLC0415
    from service.identity.key_source import FixedKeys, KeyFile  # noqa: PLC0415

    algorithms = settings.jwt_algorithms
    if settings.auth_jwks_url:
        return RemoteKeys(partial(fetch_keys, settings.auth_jwks_url), algorithms, recorder)
    try:
        if settings.auth_jwt_key is not None:
            return FixedKeys(read_key_set(settings.auth_jwt_key.get_secret_value().encode(), algorithms))
        assert settings.auth_jwt_key_file is not None
        return KeyFile(settings.auth_jwt_key_file, algorithms, recorder)
    except UnusableKeys as unusable:
        file = settings.auth_jwt_key_file
        name = "AUTH_JWT_KEY" if file is None else f"AUTH_JWT_KEY_FILE={file}"
        raise SettingsError(f"{name} cannot be used: {unusable}.") from None

"""Who may connect, and how much each may use."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from service.access.api_key import KEY_ISSUER
from service.access.claims import revocations_kept_seconds
from service.access.revocation import KEY_REVOCATION_KEPT_SECONDS
from service.protocol.quota_kind import QuotaKind
from service.setting_values import HMAC_ALGORITHMS, checked_by, lower_case, read_algorithms, read_jwks_url
from service.settings.about import About

_KEYS = ("auth_jwt_key", "auth_jwt_key_file", "auth_jwks_url")
_JWT_ONLY = (*_KEYS, "auth_jwt_algorithms", "auth_jwt_issuer", "auth_jwt_audience")
_QUOTA = "a whole number of at least 0"


def _check_issuer(text: str) -> None:
    """A revocation of the issuer of keys concerns keys, so the tokens of one of this name could not be revoked."""
    if text == KEY_ISSUER:
        raise ValueError(text)


Quota = Annotated[int, Field(ge=0, le=1_000_000_000)]


class AccessSettings(BaseSettings):
    """Who may connect, and how much each may use."""

    model_config = SettingsConfigDict(defer_build=True)

    auth_mode: Annotated[
        Literal["none", "jwt", "key"],
        BeforeValidator(lower_case),
        About(
            "Who may connect: with none every client, with jwt users whose token your application signed, with key "
            "services that have a key of python -m service keys add.",
            "none, jwt or key",
        ),
    ] = "none"
    auth_jwt_key: Annotated[
        SecretStr | None,
        Field(min_length=1),
        About(
            "The key that verifies tokens: one or more public keys in PEM, a JWK, a JWK set, or for HMAC a secret of "
            "at least 32 bytes.",
            "a public key or a secret",
        ),
    ] = None
    auth_jwt_key_file: Annotated[
        Path | None,
        About("A file with the content of AUTH_JWT_KEY, which is read again when it changes.", "a file"),
    ] = None
    auth_jwks_url: Annotated[
        str,
        checked_by(read_jwks_url),
        About(
            "The address of the JWK set of the issuer, which is fetched every five minutes, and for an unknown key id.",
            "an https address, or an http address of this machine",
        ),
    ] = ""
    auth_jwt_algorithms: Annotated[
        str,
        checked_by(read_algorithms),
        About(
            "The algorithms with which tokens may be signed.",
            "a comma-separated list of HS256, HS384 and HS512, or of RS256, RS384, RS512, PS256, PS384, PS512, ES256, "
            "ES384, ES512, EdDSA and Ed25519",
        ),
    ] = ""
    auth_jwt_issuer: Annotated[
        str,
        checked_by(_check_issuer),
        About(
            "The iss that tokens must have; if empty, any.",
            f"the text of the claim, often an address, and not {KEY_ISSUER}, the issuer of the keys of services",
        ),
    ] = ""
    auth_jwt_audience: Annotated[
        str, About("The aud that tokens must have or contain.", "the text of the claim, such as streaming")
    ] = ""
    auth_space_claim: Annotated[
        str,
        Field(min_length=1),
        About(
            "The claim whose users share their sessions; with sub each user has sessions of their own.",
            "the name of a claim, such as sub or org_id",
        ),
    ] = "sub"
    auth_timeout: Annotated[
        float,
        Field(gt=0, le=60, allow_inf_nan=False),
        About(
            "The time within which a client that sends its token in a message must have sent it.",
            "a number over 0 and up to 60",
            "s",
        ),
    ] = 5
    auth_max_token_age: Annotated[
        int,
        Field(ge=60, le=31_622_400),
        About(
            "The longest life of a token; one that lives longer is not valid. Revocations are kept for as long.",
            "a whole number from 60 to 31622400",
            "s",
        ),
    ] = 2_592_000
    quota_connections: Annotated[
        Quota, About("The connections that a user may open in a minute; 0 for no quota.", _QUOTA)
    ] = 600
    quota_sessions: Annotated[
        Quota, About("The sessions that a user may create in a minute; 0 for no quota.", _QUOTA)
    ] = 300
    quota_requests: Annotated[Quota, About("The requests of a user in a minute; 0 for no quota.", _QUOTA)] = 600
    quota_content_time: Annotated[
        Quota,
        About("The processor time that the content of a user may take in a minute; 0 for no quota.", _QUOTA, "ms"),
    ] = 30_000
    quota_stored_size: Annotated[
        Quota,
        About("The size of the streams that are stored for a user in a minute; 0 for no quota.", _QUOTA, "KiB"),
    ] = 102_400
    quota_by_address: Annotated[
        bool,
        About(
            "Whether each quota holds for the address of a client too; an IPv6 address counts by its /64 network. "
            "Behind a proxy, set TRUSTED_PROXIES first.",
            "on or off",
        ),
    ] = False

    @property
    def jwt_algorithms(self) -> tuple[str, ...]:
        """The algorithms with which tokens may be signed."""
        return read_algorithms(self.auth_jwt_algorithms)

    @property
    def token_issuer(self) -> str:
        """The issuer of all principals."""
        return KEY_ISSUER if self.auth_mode == "key" else self.auth_jwt_issuer

    @property
    def uses_access_store(self) -> bool:
        """Whether keys, revocations or quotas are stored."""
        return self.auth_mode != "none" or self.has_quotas

    @property
    def has_quotas(self) -> bool:
        """Whether a quota applies to users or to addresses."""
        return bool(self.quotas) and (self.auth_mode != "none" or self.quota_by_address)

    @property
    def quotas(self) -> Mapping[QuotaKind, int]:
        """The quotas that are set, in units a minute."""
        limits = {
            QuotaKind.CONNECTIONS: self.quota_connections,
            QuotaKind.SESSIONS: self.quota_sessions,
            QuotaKind.REQUESTS: self.quota_requests,
            QuotaKind.CONTENT_TIME: self.quota_content_time,
            QuotaKind.STORED_SIZE: self.quota_stored_size,
        }
        return {kind: limit for kind, limit in limits.items() if limit}

    @property
    def revocations_kept_seconds(self) -> float:
        """For how long a revocation can concern a token or a key."""
        if self.auth_mode == "key":
            return KEY_REVOCATION_KEPT_SECONDS
        return revocations_kept_seconds(self.auth_max_token_age)

    @model_validator(mode="after")
    def _agree(self) -> Self:
        """Check that the settings of a mode are complete, and that none is set for another mode."""
        if problem := self._contradiction():
            raise ValueError(problem)
        return self

    def _contradiction(self) -> str:
        given = [name.upper() for name in _JWT_ONLY if getattr(self, name)]
        if self.auth_mode != "jwt":
            unused = f"{given[0]} is set, but AUTH_MODE={self.auth_mode} does not use it" if given else ""
            return unused and f"{unused}: set AUTH_MODE=jwt, or remove it."
        keys = [name.upper() for name in _KEYS if getattr(self, name)]
        if len(keys) != 1:
            found = "none of them is set" if not keys else f"{' and '.join(keys)} are set"
            return f"AUTH_MODE=jwt needs one of AUTH_JWT_KEY, AUTH_JWT_KEY_FILE and AUTH_JWKS_URL, and {found}."
        if not self.jwt_algorithms:
            return "AUTH_MODE=jwt needs AUTH_JWT_ALGORITHMS: the algorithms of your tokens, such as RS256."
        if not self.auth_jwt_audience:
            return (
                "AUTH_MODE=jwt needs AUTH_JWT_AUDIENCE: the aud of your tokens, so that those for other services are "
                "refused."
            )
        if self.auth_jwks_url and HMAC_ALGORITHMS.issuperset(self.jwt_algorithms):
            return (
                "AUTH_JWKS_URL has public keys, and AUTH_JWT_ALGORITHMS names algorithms with a secret: put the secret "
                "into AUTH_JWT_KEY, or name an algorithm such as RS256."
            )
        return ""

"""The rules for the claims of a token whose signature is valid."""

from collections.abc import Mapping

from msgspec import Struct

from service.access.principal import AccessRefusal, Principal
from service.access.scope import Grant

LEEWAY_SECONDS = 30
"""The difference between the clocks of the issuer and of the service that is allowed."""
MAX_NAME_LENGTH = 255
"""Of the subject, the space and the id of a token, as OpenID Connect limits the subject."""

_LATEST = 2**53
"""Of the times in claims: JSON has no bound of its own."""

Claims = Mapping[str, object]


def is_name(text: str) -> bool:
    """Whether the text may be a subject, a space or the id of a token, which logs can contain."""
    return 0 < len(text) <= MAX_NAME_LENGTH and text.isprintable()


def revocations_kept_seconds(max_age_seconds: float) -> float:
    """Return the time after which no token that was issued before a revocation is accepted any more."""
    return max_age_seconds + 2 * LEEWAY_SECONDS


class ClaimRules(Struct, frozen=True):
    """What a token must claim."""

    issuer: str
    """The required ``iss``; if empty, any, and principals have no issuer."""
    audience: str
    space_claim: str
    """The claim that is the space of the sessions."""
    max_age_seconds: float
    """The longest time from ``iat``, or from now, to ``exp``."""

    def principal(self, claims: Claims, now: float) -> Principal | AccessRefusal:
        """Return the principal at ``now``, in epoch seconds, or why there is none. Never raises.

        A token that would not have been valid before its end either is ``INVALID``, not ``EXPIRED``.
        """
        try:
            principal = self._read(claims, now)
        except ValueError:
            return AccessRefusal.INVALID
        assert principal.expires_at is not None
        return AccessRefusal.EXPIRED if principal.expires_at + LEEWAY_SECONDS <= now else principal

    def _read(self, claims: Claims, now: float) -> Principal:
        expires_at, issued_at, starts_at = _time(claims, "exp"), _time(claims, "iat"), _time(claims, "nbf")
        if expires_at is None or expires_at - (now if issued_at is None else issued_at) > self.max_age_seconds:
            raise ValueError
        if any(begin is not None and begin > now + LEEWAY_SECONDS for begin in (issued_at, starts_at)):
            raise ValueError
        if self.issuer and claims.get("iss") != self.issuer:
            raise ValueError
        if self.audience not in _texts(claims.get("aud"), separated=False):
            raise ValueError
        sessions = None if "sessions" not in claims else _texts(claims["sessions"])
        return Principal(
            issuer=self.issuer,
            subject=_name(claims, "sub"),
            space=_name(claims, self.space_claim),
            grant=Grant.parse(_texts(claims.get("scope", "")), sessions),
            token_id=_name(claims, "jti") if "jti" in claims else "",
            issued_at=issued_at,
            expires_at=expires_at,
        )


def _time(claims: Claims, name: str) -> float | None:
    """Return the time of a claim, if there is one. Raises ``ValueError`` for what is no time."""
    value = claims.get(name)
    if value is None and name not in claims:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _LATEST:
        raise ValueError(name)
    return value


def _name(claims: Claims, name: str) -> str:
    """Return the name in a claim. Raises ``ValueError`` if there is none."""
    value = claims.get(name)
    if not isinstance(value, str) or not is_name(value):
        raise ValueError(name)
    return value


def _texts(value: object, *, separated: bool = True) -> list[str]:
    """Return the texts of a claim that is a list or one text, which spaces separate. Raises ``ValueError``."""
    if isinstance(value, str):
        return value.split() if separated else [value]
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return value
    raise ValueError

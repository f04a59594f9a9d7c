"""Revoked tokens: one by its id, or all of a subject that were issued before a moment."""

from collections.abc import Iterable

from msgspec import Struct

from service.access.principal import Principal


class Revocation(Struct, frozen=True):
    """Exactly one of ``token_id`` and ``subject`` is set. Times are epoch seconds."""

    sequence: int
    """Ascending in the order in which the store recorded them; 0 before it did."""
    issuer: str
    token_id: str
    subject: str
    before: float
    """When it was revoked: with ``subject``, tokens that were issued up to then are revoked."""


class RevokedTokens:
    """All revocations that can still concern a token. Not thread-safe."""

    def __init__(self, kept_seconds: float) -> None:
        """A token lives for at most ``kept_seconds``, so a revocation that is older concerns none."""
        self._kept_seconds = kept_seconds
        self._tokens: dict[tuple[str, str], float] = {}
        self._subjects: dict[tuple[str, str], float] = {}
        self.sequence = 0
        """Of the last revocation that was added."""

    def add(self, revocations: Iterable[Revocation], now: float) -> None:
        """Add revocations and drop those that are too old at ``now``."""
        for revocation in revocations:
            self.sequence = max(self.sequence, revocation.sequence)
            if revocation.token_id:
                self._tokens[revocation.issuer, revocation.token_id] = revocation.before
            else:
                key = revocation.issuer, revocation.subject
                self._subjects[key] = max(revocation.before, self._subjects.get(key, 0.0))
        oldest = now - self._kept_seconds
        self._tokens = {key: before for key, before in self._tokens.items() if before >= oldest}
        self._subjects = {key: before for key, before in self._subjects.items() if before >= oldest}

    def __contains__(self, principal: Principal) -> bool:
        """Whether the token of the principal is revoked; one without the time of its issue is older than any."""
        if principal.token_id and (principal.issuer, principal.token_id) in self._tokens:
            return True
        before = self._subjects.get((principal.issuer, principal.subject))
        return before is not None and (principal.issued_at is None or principal.issued_at <= before)

"""Revoked tokens: one by its id, or all of a subject that were issued before a moment."""

from collections.abc import Iterable

from msgspec import Struct

from service.access.principal import Principal

KEY_REVOCATION_KEPT_SECONDS = 7 * 86_400.0
"""Of the key of a service: it has to reach the processes that run, and to outlast what they have cached of the key.

Later ones find the key revoked.
"""


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
        """Keep each revocation for ``kept_seconds``, the longest time for which a token is accepted."""
        self._kept_seconds = kept_seconds
        self._tokens: dict[tuple[str, str], float] = {}
        self._subjects: dict[tuple[str, str], float] = {}
        self.sequence = 0
        """Of the last revocation that was added."""

    def add(self, revocations: Iterable[Revocation], now: float) -> None:
        """Add revocations in the order of their sequence, and drop those that are too old at ``now``."""
        for revocation in revocations:
            self.sequence = max(self.sequence, revocation.sequence)
            known, name = (
                (self._tokens, revocation.token_id) if revocation.token_id else (self._subjects, revocation.subject)
            )
            key = revocation.issuer, name
            known[key] = max(revocation.before, known.pop(key, revocation.before))
        oldest = now - self._kept_seconds
        for known in (self._tokens, self._subjects):
            while known and known[first := next(iter(known))] < oldest:
                del known[first]

    def __len__(self) -> int:
        return len(self._tokens) + len(self._subjects)

    def __contains__(self, principal: Principal) -> bool:
        """Whether the token of the principal is revoked; one without the time of its issue is older than any."""
        if principal.token_id and (principal.issuer, principal.token_id) in self._tokens:
            return True
        before = self._subjects.get((principal.issuer, principal.subject))
        return before is not None and (principal.issued_at is None or principal.issued_at <= before)

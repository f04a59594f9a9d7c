"""Keys, revocations and charges of the tests of access stores."""

from service.access.api_key import ApiKey
from service.access.quota import Charge, QuotaOwner
from service.access.revocation import Revocation
from service.protocol.quota_kind import QuotaKind

BEGIN = 1_700_000_000_000_001
"""The first moment of each test, in microseconds."""
SECOND = 1_000_000

KEY = ApiKey(
    key_id="k-1",
    digest=bytes(range(32)),
    name="billing, Zürich",
    space="a/space",
    scopes=("stream", "watch"),
    sessions=("*", "other/editor-*"),
    created_at=1_700_000_000.25,
    expires_at=1_800_000_000.1,
)


def revocation(number: object) -> Revocation:
    return Revocation(0, "https://issuer.example/ü", f"token-{number}", "", 1_700_000_000.123456)


def charge(
    cost: int = 1,
    *,
    per_minute: int = 60,
    kind: QuotaKind = QuotaKind.REQUESTS,
    owner: QuotaOwner = QuotaOwner.PRINCIPAL,
    name: str = "issuer\x1fuser",
) -> Charge:
    return Charge(kind, owner, name, per_minute, cost)

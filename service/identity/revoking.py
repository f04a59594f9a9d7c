"""Revokes tokens and keys, for the command line and the HTTP route."""

from service.access.api_key import KEY_ISSUER
from service.access.ports import AccessStore
from service.access.revocation import Revocation


async def revoke(store: AccessStore, revocation: Revocation, kept_seconds: float, issuer: str) -> int:
    """Record the revocation of a token, or of all tokens of a subject; return how many keys it marked, else 1.

    ``issuer`` is that of all principals. Tokens of another one are accepted nowhere, so a revocation of them would only
    seem to sign a user out: it is not recorded, and 0 returned.
    A key may have no end, so each is marked, and a key that is made later is not concerned. Raises
    ``StoreUnavailable``; then a part may be done, and may be repeated.
    """
    if revocation.issuer != KEY_ISSUER:
        if revocation.issuer != issuer:
            return 0
        await store.revoke(revocation, kept_seconds)
        return 1
    ids = [revocation.token_id]
    if not revocation.token_id:
        ids = [key.key_id for key in await store.keys() if key.name == revocation.subject]
    return sum([await store.revoke_key(key_id, revocation.before) for key_id in ids])

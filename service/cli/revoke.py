"""The ``revoke`` command."""

import sys
import time

from service.access.api_key import KEY_ISSUER
from service.access.ports import AccessStore
from service.access.revocation import Revocation
from service.cli.exits import Exit
from service.cli.stored_access import audit, system_user, with_access_store
from service.events import TokensRevoked
from service.identity.revoking import revoke as revoke_tokens
from service.settings import Settings


def revoke(token_id: str, subject: str, issuer: str | None) -> int:
    """Revoke a token, or all tokens of a subject that were issued before now; one of both is empty."""

    async def run(store: AccessStore, settings: Settings) -> int:
        if settings.auth_mode == "none":
            print("AUTH_MODE=none accepts no tokens: there is nothing to revoke.", file=sys.stderr)
            return Exit.USAGE
        of = settings.token_issuer if issuer is None else issuer
        revocation = Revocation(0, of, token_id, subject, time.time())
        marked = await revoke_tokens(store, revocation, settings.revocations_kept_seconds, settings.token_issuer)
        what = f"Token {token_id}" if token_id else f"Every token of {subject} that was issued before now"
        if not marked and of not in (settings.token_issuer, KEY_ISSUER):
            print(
                f"This service accepts no token of the issuer {of!r}: nothing is revoked. Leave --issuer out for those "
                f"that it accepts, of {settings.token_issuer!r}.",
                file=sys.stderr,
            )
            return Exit.FAILED
        if not marked:
            print(f"{what} was revoked before, or there is none; see keys list.", file=sys.stderr)
            return Exit.FAILED
        audit(settings, TokensRevoked(of, token_id, subject, system_user()))
        print(f"{what} is revoked.")
        return Exit.DONE

    return with_access_store(run)

"""The ``keys`` commands: make, list and revoke the keys of services."""

import json
import secrets
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec import Struct
from msgspec.structs import asdict

from service.access.api_key import KEY_ISSUER, ApiKey, key_digest, key_text
from service.access.claims import MAX_NAME_LENGTH, is_name
from service.access.ports import AccessStore
from service.access.revocation import Revocation
from service.access.scope import Grant
from service.cli.exits import Exit
from service.cli.stored_access import audit, system_user, with_access_store
from service.events import KeyMade, TokensRevoked
from service.identity.revoking import revoke
from service.settings import Settings

_DAY_SECONDS = 86_400
_MAX_DAYS = 36_500
"""A later end has no date that the protocol can write."""
_HEADER = ("id", "name", "space", "scopes", "sessions", "made", "ends", "state")


class NewKey(Struct, frozen=True):
    """What a key is for."""

    name: str
    space: str
    scopes: tuple[str, ...]
    sessions: tuple[str, ...]
    days: int | None = None
    """After how many days it ends; ``None`` for never."""


def add(wanted: NewKey) -> int:
    """Make a key and print it, alone, to standard output."""
    if problem := _problem(wanted):
        print(problem, file=sys.stderr)
        return Exit.USAGE

    async def run(store: AccessStore, settings: Settings) -> int:
        text, now = key_text(secrets.token_bytes(32)), time.time()
        key = ApiKey(
            key_id=f"k_{secrets.token_hex(8)}",
            digest=key_digest(text),
            name=wanted.name,
            space=wanted.space,
            scopes=wanted.scopes,
            sessions=wanted.sessions,
            created_at=now,
            expires_at=None if wanted.days is None else now + wanted.days * _DAY_SECONDS,
        )
        await store.add_key(key)
        audit(settings, KeyMade(key.key_id, key.name, system_user()))
        print(text)
        end = "does not end" if key.expires_at is None else f"ends on {_day(key.expires_at)}"
        print(f"Key {key.key_id} of {key.name} {end}. It is stored only as a hash: keep it now.", file=sys.stderr)
        if settings.auth_mode != "key":
            print(f"AUTH_MODE={settings.auth_mode} accepts no keys: set AUTH_MODE=key.", file=sys.stderr)
        return Exit.DONE

    return with_access_store(run)


def list_keys(*, as_json: bool) -> int:
    """Print all keys, without the keys themselves."""

    async def run(store: AccessStore, _settings: Settings) -> int:
        keys, now = await store.keys(), time.time()
        if as_json:
            print(json.dumps([_shown(key, now) for key in keys]))
        elif keys:
            _print_table([_HEADER, *(_row(key, now) for key in keys)])
        else:
            print("There are no keys.", file=sys.stderr)
        return Exit.DONE

    return with_access_store(run)


def revoke_key(key_id: str) -> int:
    """Revoke a key; connections that use it are closed within a second."""

    async def run(store: AccessStore, settings: Settings) -> int:
        revocation = Revocation(0, KEY_ISSUER, key_id, "", time.time())
        if await revoke(store, revocation, settings.revocations_kept_seconds, KEY_ISSUER):
            audit(settings, TokensRevoked(KEY_ISSUER, key_id, "", system_user()))
            print(f"Key {key_id} is revoked.")
            return Exit.DONE
        print(f"There is no key {key_id}, or it was revoked before; see keys list.", file=sys.stderr)
        return Exit.FAILED

    return with_access_store(run)


def _problem(wanted: NewKey) -> str:
    for what, text in (("name", wanted.name), ("space", wanted.space)):
        if not is_name(text):
            return f"The {what} of a key has 1 to {MAX_NAME_LENGTH} printable characters."
    if wanted.days is not None and wanted.days > _MAX_DAYS:
        return f"A key ends after at most {_MAX_DAYS} days; without --days it does not end."
    try:
        Grant.parse(wanted.scopes, wanted.sessions)
    except ValueError as error:
        return f"{error} is no pattern of sessions: write one such as doc-* or team/*, at most 32."
    return ""


def _state(key: ApiKey, now: float) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "ended" if key.expires_at is not None and key.expires_at <= now else "valid"


def _shown(key: ApiKey, now: float) -> dict[str, object]:
    shown = asdict(key)
    del shown["digest"]
    return {**shown, "state": _state(key, now)}


def _row(key: ApiKey, now: float) -> tuple[str, ...]:
    end = "never" if key.expires_at is None else _day(key.expires_at)
    lists = " ".join(key.scopes), " ".join(key.sessions)
    return key.key_id, key.name, key.space, *lists, _day(key.created_at), end, _state(key, now)


def _day(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"


def _print_table(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())

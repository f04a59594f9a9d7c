"""The arguments of the ``keys`` and ``revoke`` commands."""

import argparse
from collections.abc import Callable
from typing import TypeVar

from service.access.claims import MAX_NAME_LENGTH, is_name
from service.access.scope import Scope

Parser = TypeVar("Parser", bound=argparse.ArgumentParser)

_STORE = "It uses the store of the service: run it with the same DATA_DIR or REDIS_URL."
_EXITS = "Exit code: 0 done, 1 there is no such key, 2 usage error, or the store is unavailable."


def add_keys(commands: "argparse._SubParsersAction[Parser]", positive: Callable[[str], int]) -> None:
    keys = commands.add_parser(
        "keys",
        help="make, list and revoke the keys of services",
        description=f"Make, list and revoke the keys that services send as tokens with AUTH_MODE=key. {_STORE}",
        epilog=_EXITS,
    )
    actions = keys.add_subparsers(title="actions", metavar="ACTION", required=True)
    add = actions.add_parser(
        "add",
        help="make a key and print it",
        description="Make a key and print it, alone, to standard output. Only its hash is stored.",
    )
    add.add_argument("name", metavar="NAME", help="the service that uses it: the subject in logs and usage")
    add.add_argument("--space", help="the space of its sessions (default: NAME)")
    add.add_argument(
        "--scopes", nargs="+", choices=[scope.value for scope in Scope], default=["stream"], help="default: stream"
    )
    add.add_argument(
        "--sessions",
        nargs="+",
        metavar="PATTERN",
        default=["*"],
        help="the sessions that it may use: ids, or space/id, with * for any characters (default: * in its space)",
    )
    add.add_argument("--days", metavar="N", type=positive, help="after how many days it ends (default: never)")
    add.set_defaults(command=_add)
    listing = actions.add_parser("list", help="print all keys", description="Print all keys, but not their secrets.")
    listing.add_argument("--json", action="store_true", help="print them as JSON")
    listing.set_defaults(command=_list)
    revoking = actions.add_parser(
        "revoke",
        help="revoke a key",
        description="Revoke a key. Its connections are closed within a second.",
    )
    revoking.add_argument("key_id", metavar="ID", help="the id of the key, as keys list prints it")
    revoking.set_defaults(command=_revoke_key)


def add_revoke(commands: "argparse._SubParsersAction[Parser]") -> None:
    revoke = commands.add_parser(
        "revoke",
        help="revoke a token, or all tokens of a user",
        description="Revoke a token, or all tokens of a user that were issued before now. Their connections are closed "
        f"within a second, and their streams end. {_STORE}",
        epilog=_EXITS,
    )
    which = revoke.add_mutually_exclusive_group(required=True)
    which.add_argument("--token-id", metavar="ID", type=_name, help="the jti of a token, or the id of a key")
    which.add_argument("--subject", metavar="SUB", type=_name, help="the sub of the user, or the name of keys")
    revoke.add_argument("--issuer", metavar="ISS", help="default: AUTH_JWT_ISSUER")
    revoke.set_defaults(command=_revoke)


def _name(text: str) -> str:
    if not is_name(text):
        raise argparse.ArgumentTypeError(f"it must be 1 to {MAX_NAME_LENGTH} printable characters")
    return text


def _add(options: argparse.Namespace) -> int:
    from service.cli.keys import NewKey, add

    return add(
        NewKey(
            options.name,
            options.name if options.space is None else options.space,
            tuple(options.scopes),
            tuple(options.sessions),
            options.days,
        )
    )


def _list(options: argparse.Namespace) -> int:
    from service.cli.keys import list_keys

    return list_keys(as_json=options.json)


def _revoke_key(options: argparse.Namespace) -> int:
    from service.cli.keys import revoke_key

    return revoke_key(options.key_id)


def _revoke(options: argparse.Namespace) -> int:
    from service.cli.revoke import revoke

    return revoke(options.token_id or "", options.subject or "", options.issuer)

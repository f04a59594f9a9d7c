"""The deployment that a client command uses, and its token."""

import os
import sys

from dotenv import dotenv_values

from service.cli.exits import Exit
from streaming_content import Address, ConnectFailed, InvalidAddress

_DEFAULT_PORT = "8000"
_REFUSED = (401, 403)

SIGN_IN_ADVICE = " Set STREAM_TOKEN to a token that the service accepts."
"""Follows the sentence of the service that needs another token."""


def resolve(url: str | None) -> Address:
    """The address of ``--url``; without it, this machine on ``PORT`` from the environment or .env, else on 8000.

    ``PORT=0``, with which the server takes any free port, counts as unset. Prints an invalid address and raises
    ``SystemExit``.
    """
    if url is None:
        port = _variable("PORT") or "0"
        url = f"http://127.0.0.1:{_DEFAULT_PORT if port == '0' else port}"
    try:
        return Address.parse(url)
    except InvalidAddress as error:
        print(f"{error}.", file=sys.stderr)
        raise SystemExit(Exit.USAGE) from None


def resolve_token(token: str | None, variable: str = "STREAM_TOKEN") -> str | None:
    """The token of ``--token``, else of ``variable`` in the environment or in .env; ``None`` without one."""
    return token or _variable(variable) or None


def resolve_verify_secret() -> str | None:
    """``VERIFY_SECRET`` in the environment or in .env; ``None`` without one."""
    return _variable("VERIFY_SECRET") or None


def _variable(name: str) -> str:
    return (os.environ.get(name) or dotenv_values(".env").get(name) or "").strip()


def report_unreachable(error: ConnectFailed) -> Exit:
    """Print the error, with advice if no HTTP response arrived or the token was refused."""
    advice = "" if error.status else " Start the service (python -m service serve), or set its address with --url."
    print(f"{error}{SIGN_IN_ADVICE if error.status in _REFUSED else advice}", file=sys.stderr)
    return Exit.USAGE

"""The deployment that a client command uses."""

import os
import sys

from dotenv import dotenv_values

from service.cli.exits import Exit
from streaming_content_client import Address, ConnectFailed, InvalidAddress

_DEFAULT_PORT = "8000"


def resolve(url: str | None) -> Address:
    """The address of ``--url``; without it, this machine on ``PORT`` from the environment or .env, else on 8000.

    ``PORT=0``, with which the server takes any free port, counts as unset. Prints an invalid address and raises
    ``SystemExit``.
    """
    if url is None:
        port = (os.environ.get("PORT") or dotenv_values(".env").get("PORT") or "0").strip()
        url = f"http://127.0.0.1:{_DEFAULT_PORT if port == '0' else port}"
    try:
        return Address.parse(url)
    except InvalidAddress as error:
        print(f"{error}.", file=sys.stderr)
        raise SystemExit(Exit.USAGE) from None


def report_unreachable(error: ConnectFailed) -> Exit:
    """Print the error, with advice if no HTTP response arrived."""
    advice = "" if error.status else " Start the service (python -m service serve), or set its address with --url."
    print(f"{error}{advice}", file=sys.stderr)
    return Exit.USAGE

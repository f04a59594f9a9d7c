"""The arguments that client commands share."""

import argparse
from enum import StrEnum


def add_url(parser: argparse.ArgumentParser) -> None:
    """``--url``: see ``service.cli.target.resolve``."""
    parser.add_argument(
        "--url",
        help="the address of the service: ws, wss, http or https (default: http://127.0.0.1 with PORT from the "
        "environment or .env, else port 8000)",
    )


def add_token(parser: argparse.ArgumentParser, variable: str = "STREAM_TOKEN") -> None:
    """``--token``, by default in ``variable``."""
    parser.add_argument(
        "--token",
        help=f"the token, if the service needs one (default: {variable} from the environment or .env). Prefer that "
        "variable: every user of this machine can read the arguments of a running command, with ps for example",
    )


def names(choices: type[StrEnum]) -> list[str]:
    """The names for ``choices=``."""
    return [choice.value for choice in choices]

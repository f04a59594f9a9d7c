"""The command line: ``serve``, ``stream``, ``verify``, ``sentry-test``, ``migrate`` and ``usage``.

Each command imports its own modules when it runs, so that ``--help`` is quick.
"""

import argparse
import os
import secrets
import sys
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import NoReturn

from service import __version__
from service.cli.address import Address, BadAddress
from service.cli.exits import Exit
from service.protocol.messages import ChunkBy, ContentType, HtmlMode, Speed
from service.usage.report import Grouping

_PROGRAM = "python -m service"
_DEFAULT_URL = "ws://127.0.0.1:8000"


class _Parser(argparse.ArgumentParser):
    """Says a mistake in one sentence."""

    def error(self, message: str) -> NoReturn:
        self.exit(Exit.USAGE, f"{self.prog}: {message}; see {self.prog} --help\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; the result is the process's exit code. Raises ``SystemExit`` for ``--help`` and usage mistakes."""
    options = _parser().parse_args(argv)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has left, and nobody is there for what the interpreter flushes at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.PIPE_CLOSED


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog=_PROGRAM, description="The Streaming Content API.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_serve(commands)
    _add_stream(commands)
    _add_verify(commands)
    _add_sentry_test(commands)
    _add_migrate(commands)
    _add_usage(commands)
    return parser


def _add_serve(commands: "argparse._SubParsersAction[_Parser]") -> None:
    serve = commands.add_parser(
        "serve",
        help="run the service",
        description="Run the service until SIGINT or SIGTERM. All settings come from the environment and from .env.",
    )
    serve.set_defaults(command=_serve)


def _add_stream(commands: "argparse._SubParsersAction[_Parser]") -> None:
    stream = commands.add_parser(
        "stream",
        help="stream a document and print it as it arrives",
        description="Stream a document through the service: the document goes to standard output exactly as it "
        "arrives, the timings to standard error.",
        epilog="Exit code: 0 streamed to its end, 1 the server answered with an error or hung up, "
        "2 a usage mistake or the server cannot be reached, 130 cancelled with Ctrl-C.",
    )
    stream.add_argument("source", metavar="FILE", help="the document, in UTF-8; - for standard input")
    _add_url(stream)
    stream.add_argument("--session", metavar="ID", help="the session id (default: the URL's, else a random one)")
    stream.add_argument(
        "--type",
        choices=_names(ContentType),
        help="what the document is (default: by the file's ending .html, .htm, .md, .markdown; else text)",
    )
    stream.add_argument("--speed", choices=_names(Speed), default="normal", help="default: normal")
    stream.add_argument("--chunk-by", choices=_names(ChunkBy), default="word", help="default: word")
    stream.add_argument(
        "--html-mode",
        choices=_names(HtmlMode),
        default="fragment",
        help="fragment: each chunk is whole by itself (default); incremental: cuts inside elements too. What is "
        "printed is the same HTML",
    )
    stream.add_argument("--quiet", action="store_true", help="neither progress nor timings")
    stream.add_argument("--json", action="store_true", help="the timings as one line of JSON")
    stream.set_defaults(command=_stream)


def _add_verify(commands: "argparse._SubParsersAction[_Parser]") -> None:
    verify = commands.add_parser(
        "verify",
        help="check a deployment against the protocol",
        description="Check a running deployment, local or remote, against the protocol and its own limits. Every check "
        "uses a session of its own, so that it disturbs nobody.",
        epilog="Exit code: 0 all passed, 1 some failed, 2 the deployment cannot be reached.",
    )
    _add_url(verify)
    verify.add_argument("--slow", action="store_true", help="also wait for the idle timeout (five minutes by default)")
    verify.add_argument("--json", action="store_true", help="print the results as JSON")
    verify.set_defaults(command=_verify)


def _add_sentry_test(commands: "argparse._SubParsersAction[_Parser]") -> None:
    sentry_test = commands.add_parser(
        "sentry-test",
        help="send a test event to Sentry",
        description="Send one test event to Sentry with the settings of the service, from the environment and from "
        ".env, and wait for the answer.",
        epilog="Exit code: 0 Sentry took it, 1 Sentry refused it, 2 SENTRY_DSN is not set or wrong, or Sentry cannot "
        "be reached.",
    )
    sentry_test.set_defaults(command=_sentry_test)


def _add_migrate(commands: "argparse._SubParsersAction[_Parser]") -> None:
    migrate = commands.add_parser(
        "migrate",
        help="make or update the tables in PostgreSQL",
        description="Bring the database at DATABASE_URL up to this version, wholly or not at all. It may be run at any "
        "time, again, and by several at once; rows wait in DATA_DIR meanwhile.",
        epilog="Exit code: 0 the database is up to date, 1 it was not migrated, 2 DATABASE_URL is not set or wrong, or "
        "the database cannot be reached.",
    )
    migrate.set_defaults(command=_migrate)


def _add_usage(commands: "argparse._SubParsersAction[_Parser]") -> None:
    usage = commands.add_parser(
        "usage",
        help="show what was streamed",
        description="Add up the streams that have ended: from PostgreSQL if DATABASE_URL is set, otherwise from the "
        "file in DATA_DIR. A stream that was recovered counts once, with its last outcome.",
        epilog="Exit code: 0 shown, 2 a usage mistake or there is nothing to read from.",
    )
    usage.add_argument("--by", choices=_names(Grouping), default="day", help="what to add up by (default: day, in UTC)")
    usage.add_argument("--since", metavar="DAY", help="from this day on (2026-11-24), or of the last days (7d)")
    usage.add_argument("--session", metavar="ID", help="only of this session")
    usage.add_argument("--format", choices=["table", "json", "csv"], default="table", help="default: table")
    usage.add_argument("--limit", metavar="N", type=_positive, default=50, help="at most so many lines (default: 50)")
    usage.set_defaults(command=_usage)


def _add_url(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--url",
        type=_address,
        default=_DEFAULT_URL,
        help=f"where the service is: ws, wss, http or https (default: {_DEFAULT_URL})",
    )


def _names(choices: type[StrEnum]) -> list[str]:
    return [choice.value for choice in choices]


def _positive(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return number


def _address(url: str) -> Address:
    try:
        return Address.parse(url)
    except BadAddress as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _serve(_options: argparse.Namespace) -> int:
    from service.cli.serve import serve

    return serve()


def _stream(options: argparse.Namespace) -> int:
    from service.cli.stream import BadSource, guessed_type, read_source, stream

    try:
        content = read_source(options.source)
    except BadSource as error:
        print(error, file=sys.stderr)
        return Exit.USAGE
    session_id = options.session or options.url.session_id or f"cli-{secrets.token_hex(4)}"
    request = {
        "content": content,
        "content_type": options.type or guessed_type(options.source),
        "speed": options.speed,
        "chunk_by": options.chunk_by,
        "html_mode": options.html_mode,
    }
    return stream(options.url, session_id, request, quiet=options.quiet, as_json=options.json)


def _verify(options: argparse.Namespace) -> int:
    from service.cli.verify import verify

    return verify(options.url, with_slow=options.slow, as_json=options.json)


def _sentry_test(_options: argparse.Namespace) -> int:
    from service.cli.sentry_test import sentry_test

    return sentry_test()


def _migrate(_options: argparse.Namespace) -> int:
    from service.cli.migrate import migrate

    return migrate()


def _usage(options: argparse.Namespace) -> int:
    from service.cli.usage import usage

    return usage(Grouping(options.by), options.since, options.session, options.format, options.limit)

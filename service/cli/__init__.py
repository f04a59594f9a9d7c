"""The command line.

Each command imports its own modules when it runs, so that ``--help`` is quick.
"""

import argparse
import gc
import os
import secrets
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from service import __version__
from service.cli.access_arguments import add_keys, add_revoke
from service.cli.exits import Exit
from service.cli.live_arguments import add_publish, add_watch
from service.cli.target_arguments import add_token, add_url, names
from service.protocol.messages import ChunkBy, ContentType, HtmlMode, Speed
from service.usage.report import Grouping

_PROGRAM = "python -m service"


class _Parser(argparse.ArgumentParser):
    """Reports a usage error in one sentence."""

    def error(self, message: str) -> NoReturn:
        self.exit(Exit.USAGE, f"{self.prog}: {message}; see {self.prog} --help\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return the exit code. Raises ``SystemExit`` for ``--help`` and usage errors."""
    options = _parser().parse_args(argv)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # The reader of the output has closed it. At its exit the interpreter flushes standard output once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.PIPE_CLOSED


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog=_PROGRAM, description="The Streaming Content API.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_serve(commands)
    _add_stream(commands)
    add_publish(commands)
    add_watch(commands)
    _add_verify(commands)
    _add_sentry_test(commands)
    _add_migrate(commands)
    _add_usage(commands)
    add_keys(commands, _positive)
    add_revoke(commands)
    _add_explain(commands)
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
        description="Stream a document through the service. The document is written to standard output as it "
        "arrives, the timings to standard error.",
        epilog="Exit code: 0 complete, 1 the server returned an error or closed the connection, "
        "2 usage error or the server cannot be reached, 130 cancelled with Ctrl-C.",
    )
    stream.add_argument("source", metavar="FILE", help="the document, in UTF-8; - for standard input")
    add_url(stream)
    add_token(stream)
    stream.add_argument("--session", metavar="ID", help="the session id (default: from the URL, else random)")
    stream.add_argument(
        "--type",
        choices=names(ContentType),
        help="the content type (default: by the suffix .html, .htm, .md or .markdown of the file; else text)",
    )
    stream.add_argument("--speed", choices=names(Speed), default="normal", help="default: normal")
    stream.add_argument("--chunk-by", choices=names(ChunkBy), default="word", help="default: word")
    stream.add_argument(
        "--html-mode",
        choices=names(HtmlMode),
        default="fragment",
        help="fragment: split only between elements (default); incremental: split inside elements too. The printed "
        "HTML is the same",
    )
    stream.add_argument("--quiet", action="store_true", help="print neither progress nor timings")
    stream.add_argument("--json", action="store_true", help="print the timings as one line of JSON")
    stream.set_defaults(command=_stream)


def _add_verify(commands: "argparse._SubParsersAction[_Parser]") -> None:
    verify = commands.add_parser(
        "verify",
        help="check a deployment against the protocol",
        description="Check a running deployment, local or remote, against the protocol and its own limits. Each check "
        "uses a new session, so that no other client is affected. With a token, which needs the scope stream for all "
        "sessions of its space, also that the service refuses clients without one. With VERIFY_SECRET in the "
        "environment or in .env, which is that of the service, usage leaves these sessions out.",
        epilog="Exit code: 0 all checks passed, 1 a check failed, 2 usage error, the address cannot be reached or is "
        "not a Streaming Content API.",
    )
    add_url(verify)
    add_token(verify)
    verify.add_argument("--slow", action="store_true", help="also wait for the idle timeout (five minutes by default)")
    verify.add_argument(
        "--tolerance",
        metavar="MS",
        type=_positive,
        default=10,
        help="how early or late a chunk may be, in addition to the variation of the network (default: 10)",
    )
    verify.add_argument("--json", action="store_true", help="print the results as JSON")
    verify.set_defaults(command=_verify)


def _add_sentry_test(commands: "argparse._SubParsersAction[_Parser]") -> None:
    sentry_test = commands.add_parser(
        "sentry-test",
        help="send a test event to Sentry",
        description="Send one test event to Sentry with the settings of the service, from the environment and from "
        ".env, and wait for the response.",
        epilog="Exit code: 0 Sentry accepted it, 1 Sentry rejected it, 2 SENTRY_DSN is not set or invalid, or Sentry "
        "cannot be reached.",
    )
    sentry_test.set_defaults(command=_sentry_test)


def _add_migrate(commands: "argparse._SubParsersAction[_Parser]") -> None:
    migrate = commands.add_parser(
        "migrate",
        help="create or update the tables in PostgreSQL",
        description="Update the database at DATABASE_URL to this version in one transaction. The command can be run at "
        "any time, repeatedly and concurrently; until it has run, rows wait in DATA_DIR.",
        epilog="Exit code: 0 the database is up to date, 1 the migration failed, 2 DATABASE_URL is not set or invalid, "
        "or the database cannot be reached.",
    )
    migrate.set_defaults(command=_migrate)


def _add_usage(commands: "argparse._SubParsersAction[_Parser]") -> None:
    usage = commands.add_parser(
        "usage",
        help="show the usage",
        description="Sum up the streams that have ended: from PostgreSQL if DATABASE_URL is set, otherwise from the "
        "file in DATA_DIR. A recovered stream counts once, with its last outcome.",
        epilog="Exit code: 0 done, 2 usage error, or no usage can be read.",
    )
    usage.add_argument(
        "--by", choices=names(Grouping), default="day", help="the group of a line (default: day, in UTC)"
    )
    usage.add_argument("--since", metavar="DAY", help="only streams since a day (2026-11-24) or of the last days (7d)")
    usage.add_argument("--session", metavar="ID", help="only this session")
    usage.add_argument("--format", choices=["table", "json", "csv"], default="table", help="default: table")
    usage.add_argument("--limit", metavar="N", type=_positive, default=50, help="maximum number of lines (default: 50)")
    usage.set_defaults(command=_usage)


def _add_explain(commands: "argparse._SubParsersAction[_Parser]") -> None:
    from service.cli.explain.arguments import add_arguments

    explain = commands.add_parser(
        "explain",
        help="find the cause of what is wrong, or what happened to a stream",
        description="Join metrics, logs and traces into a cause: what is wrong, where, since when, whom it touches, "
        "and which runbook helps. Without a subject: what is wrong now.",
        epilog="An address may also be in EXPLAIN_PROMETHEUS, EXPLAIN_LOKI and so on, in the environment or in .env, "
        "its bearer token in EXPLAIN_PROMETHEUS_TOKEN and so on; that of /metrics is METRICS_TOKEN. "
        "Exit code: 0 nothing wrong found, 1 a cause was found, 2 usage error, unknown id, or nothing can be read.",
    )
    explain.add_argument(
        "subject",
        metavar="ID",
        nargs="?",
        help="the id of a stream, trace, session, connection or fault (error id), or the name of an alert",
    )
    add_arguments(explain)
    explain.set_defaults(command=_explain)


def _positive(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return number


def _serve(_options: argparse.Namespace) -> int:
    gc.disable()  # until the server has started: collections of what is imported free nothing and take a tenth of it
    from service.cli.serve import serve

    return serve()


def _stream(options: argparse.Namespace) -> int:
    from service.cli.stream import UnreadableSource, content_type_of, read_source, stream
    from service.cli.target import resolve, resolve_token
    from streaming_content import connect

    address = resolve(options.url)
    try:
        content = read_source(options.source)
    except UnreadableSource as error:
        print(error, file=sys.stderr)
        return Exit.USAGE
    session_id = options.session or address.session_id or f"cli-{secrets.token_hex(4)}"
    request = {
        "content": content,
        "content_type": options.type or content_type_of(options.source),
        "speed": options.speed,
        "chunk_by": options.chunk_by,
        "html_mode": options.html_mode,
    }
    opening = connect(address, session_id, token=resolve_token(options.token))
    return stream(opening, session_id, request, quiet=options.quiet, as_json=options.json)


def _verify(options: argparse.Namespace) -> int:
    from service.cli.target import resolve, resolve_token, resolve_verify_secret
    from service.cli.verify import verify

    return verify(
        resolve(options.url),
        resolve_token(options.token),
        tolerance_ms=options.tolerance,
        secret=resolve_verify_secret(),
        with_slow=options.slow,
        as_json=options.json,
    )


def _sentry_test(_options: argparse.Namespace) -> int:
    from service.cli.sentry_test import sentry_test

    return sentry_test()


def _migrate(_options: argparse.Namespace) -> int:
    from service.cli.migrate import migrate

    return migrate()


def _usage(options: argparse.Namespace) -> int:
    from service.cli.usage import usage

    return usage(Grouping(options.by), options.since, options.session, options.format, options.limit)


def _explain(options: argparse.Namespace) -> int:
    from service.cli.explain.command import explain

    return explain(options)

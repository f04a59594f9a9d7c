"""The arguments of the commands on live streams."""

import argparse
import secrets
from typing import TYPE_CHECKING, Any

from service.cli.target_arguments import add_token, add_url, names
from service.protocol.messages import ChunkBy, ContentType, HtmlMode, Speed

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[Any]  # noqa: SLF001 - argparse has no other name for it


def add_publish(commands: "Commands") -> None:
    publish = commands.add_parser(
        "publish",
        help="publish standard input as a live stream while it is written",
        description="Publish what is read from standard input, as it comes, into a session, whose readers see it at "
        "once. Example: llm 'a story' | python -m service publish --session demo --type markdown",
        epilog="Exit code: 0 everything is stored, 1 the service or a reader ended the stream, 2 usage error or the "
        "server cannot be reached, 130 cancelled with Ctrl-C.",
    )
    add_url(publish)
    add_token(publish, "PUBLISH_TOKEN")
    publish.add_argument("--session", metavar="ID", help="the session id (default: random; it is printed)")
    publish.add_argument("--type", choices=names(ContentType), default="text", help="the content type; default: text")
    publish.add_argument("--speed", choices=names(Speed), help="default: as it arrives")
    publish.add_argument("--chunk-by", choices=names(ChunkBy), help="default: word")
    publish.add_argument("--quiet", action="store_true", help="print nothing but errors")
    publish.set_defaults(command=_publish)


def add_watch(commands: "Commands") -> None:
    watch = commands.add_parser(
        "watch",
        help="print a live stream of a session as it is written",
        description="Wait for a live stream of the session and print its settled content to standard output as it "
        "arrives. It reconnects as long as the service has the stream.",
        epilog="Exit code: 0 complete, 1 the stream ended in another way, 2 usage error or the server cannot be "
        "reached, 130 left with Ctrl-C: the stream goes on.",
    )
    watch.add_argument("stream", metavar="STREAM", nargs="?", help="the id of the stream (default: the next one)")
    add_url(watch)
    add_token(watch)
    watch.add_argument("--session", metavar="ID", required=True, help="the session id")
    watch.add_argument("--speed", choices=names(Speed), help="default: that of the producer")
    watch.add_argument(
        "--html-mode",
        choices=names(HtmlMode),
        default="fragment",
        help="incremental: print each state of the open end as JSON, one line for each chunk",
    )
    watch.set_defaults(command=_watch)


def _publish(options: argparse.Namespace) -> int:
    from service.cli.publish import publish
    from service.cli.target import resolve, resolve_token

    given = {"content_type": options.type, "speed": options.speed, "chunk_by": options.chunk_by}
    session_id = options.session or f"cli-{secrets.token_hex(4)}"
    token = resolve_token(options.token, "PUBLISH_TOKEN")
    return publish(resolve(options.url), session_id, token, given, quiet=options.quiet)


def _watch(options: argparse.Namespace) -> int:
    from service.cli.target import resolve, resolve_token
    from service.cli.watch import watch

    fields = {"html_mode": options.html_mode, **({"speed": options.speed} if options.speed else {})}
    token = resolve_token(options.token)
    return watch(resolve(options.url), options.session, token, options.stream, fields)

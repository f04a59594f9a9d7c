"""The ``publish`` command: standard input as a live stream."""

import asyncio
import codecs
import os
import sys
from collections.abc import AsyncIterator, Mapping
from typing import Any

from service.cli.exits import Exit
from service.cli.target import report_unreachable
from streaming_content import (
    Address,
    ConnectFailed,
    Producer,
    Publisher,
    PublishRefused,
    StreamingError,
)

_READ_BYTES = 32 * 1024


def publish(
    address: Address, session_id: str, token: str | None, options: Mapping[str, Any], *, quiet: bool = False
) -> Exit:
    """Publish standard input until its end. Ctrl-C cancels the stream."""
    producer = Publisher(address, token=token).stream(session_id, **options)
    try:
        asyncio.run(_publish(producer, session_id, quiet=quiet))
    except ConnectFailed as error:
        return report_unreachable(error)
    except UnicodeDecodeError as error:
        print(f"Standard input is not UTF-8 ({error.reason}). Convert it with iconv.", file=sys.stderr)
        return Exit.USAGE
    except StreamingError as error:
        print(error, file=sys.stderr)
        refused = isinstance(error, PublishRefused) and not producer.stream_id
        return Exit.USAGE if refused else Exit.FAILED
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    if not quiet:
        print(f"published {producer.durable} bytes", file=sys.stderr)
    return Exit.DONE


async def _publish(producer: Producer, session_id: str, *, quiet: bool) -> None:
    async with producer as out:
        if not quiet:
            print(f"session {session_id}, stream {out.stream_id}", file=sys.stderr, flush=True)
        async with out.stopping():
            async for text in _input():
                await out.write(text)


async def _input() -> AsyncIterator[str]:
    """Yield standard input as it comes, in whole characters."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    descriptor = sys.stdin.fileno()
    while True:
        await _readable(descriptor)
        data = os.read(descriptor, _READ_BYTES)
        if text := decoder.decode(data, final=not data):
            yield text
        if not data:
            return


async def _readable(descriptor: int) -> None:
    """Return when a read does not block. The loop then watches no longer: a second event would be of the same bytes."""
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    try:
        loop.add_reader(descriptor, readable.set)
    except PermissionError:  # a file, which is always readable
        return
    try:
        await readable.wait()
    finally:
        loop.remove_reader(descriptor)

"""The ``watch`` command: a live stream, printed as it is written."""

import asyncio
import json
import sys
from collections.abc import Mapping
from typing import Any

from service.cli.exits import Exit
from service.cli.target import report_unreachable
from streaming_content import (
    Address,
    BackOff,
    ConnectFailed,
    Connection,
    ConnectionClosed,
    LiveChunk,
    LiveStream,
    StreamingError,
    connect,
)


def watch(
    address: Address, session_id: str, token: str | None, stream_id: str | None, fields: Mapping[str, Any]
) -> Exit:
    """Print the stream, or the next one of the session. Raises ``BrokenPipeError`` if the output is closed."""
    try:
        asyncio.run(_Reading(address, session_id, token, fields).read(stream_id))
    except ConnectFailed as error:
        return report_unreachable(error)
    except StreamingError as error:
        print(f"\n{error}", file=sys.stderr)
        return Exit.FAILED
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    return Exit.DONE


class _Reading:
    """One stream, over as many connections as it takes."""

    def __init__(self, address: Address, session_id: str, token: str | None, fields: Mapping[str, Any]) -> None:
        self._address = address
        self._session_id = session_id
        self._token = token
        self._fields = fields
        self._back_off = BackOff()
        self._shows_states = fields.get("html_mode") == "incremental"
        self._stream: LiveStream | None = None

    async def read(self, stream_id: str | None) -> None:
        while True:
            try:
                async with connect(self._address, self._session_id, token=self._token) as connection:
                    await self._print(await self._begin(connection, stream_id))
                    return
            except (ConnectionClosed, ConnectFailed) as error:
                if not error.may_reconnect or (isinstance(error, ConnectFailed) and self._stream is None):
                    raise
                await asyncio.sleep(self._back_off.next(error))

    async def _begin(self, connection: Connection, stream_id: str | None) -> LiveStream:
        if self._stream is not None:
            await connection.resume(self._stream)
        elif stream_id is not None:
            self._stream = await connection.watch(stream_id, **self._fields)
        else:
            begun = await connection.next_live()
            print(f"stream {begun.stream_id}", file=sys.stderr, flush=True)
            self._stream = await connection.watch(str(begun.stream_id), **self._fields)
        return self._stream

    async def _print(self, stream: LiveStream) -> None:
        async for chunk in stream:
            assert isinstance(chunk, LiveChunk)
            self._back_off.reset()
            if self._shows_states:
                state = {"data": chunk.data, "close": chunk.close, "from": chunk.start, "settled": chunk.settled}
                print(json.dumps(state, ensure_ascii=False), flush=True)
            else:
                sys.stdout.write(chunk.data)
                sys.stdout.flush()

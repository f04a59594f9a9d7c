"""A conversation of the document, had with a real server."""

import json
import re
from types import TracebackType
from typing import Any, Self

from service.asyncapi.example_messages import SESSION_ID, TRACE_ID
from streaming_content_client import Connection, Message, connect
from tests.clients.direct import until_closed
from tests.conftest import RunningServer

NAMES = {"session_id", "stream_id", "trace_id", "resume_token"}
"""Fields whose values differ in each run, and that are one thing wherever they come again."""
TIMES = {"timestamp", "session_expires_at"}
FIGURES = {"processing_time_ms", "duration_ms"}
"""Fields that tell how long something took."""

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


class Replay:
    """The client's side. Use it as a context, which ends with a look whether anything else came."""

    def __init__(self, server: RunningServer, session_id: str) -> None:
        self._url = server.ws(session_id)
        self._named = {SESSION_ID: session_id}
        """What stands in the document, and what it is called in this run."""
        self._greeting: Message = {}
        """Of the connection that stands; it comes whether or not the document shows it."""
        self._socket: Connection | None = None

    async def __aenter__(self) -> Self:
        await self._join()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._socket is None:
            return
        if error is None:
            await self._socket.send("ping")
            assert (await self._socket.receive())["type"] == "pong", "more came than the document tells of"
        await self._socket.close()

    async def have(self, line: dict[str, Any]) -> None:
        """One line of ``x-conversations``."""
        assert self._socket is not None
        [(who, told)] = line.items()
        match who:
            case "client":
                if "trace" in told:
                    self._named[TRACE_ID] = TRACE_ID
                await self._socket.send_frame(json.dumps({key: self._live(value) for key, value in told.items()}))
            case "server":
                self._check(told, self._greeting if told["type"] == "connected" else await self._socket.receive())
            case "breaks":
                await self._socket.abort()
                await self._join()
            case "closes":
                socket, self._socket = self._socket, None
                assert await until_closed(socket) == ([], told)
            case _:
                raise AssertionError(who)

    async def _join(self) -> None:
        self._socket = await connect(self._url, ping_interval=None)
        self._greeting = self._socket.connected

    def _live(self, value: object) -> object:
        return self._named.get(value, value) if isinstance(value, str) else value

    def _check(self, told: Message, came: Message) -> None:
        """That what came is what is told, but for what differs in each run. Raises ``AssertionError``."""
        assert list(came) == list(told), came
        for field, value in told.items():
            live = came[field]
            assert type(live) is type(value), (field, live)
            if field in NAMES:
                assert self._named.setdefault(value, live) == live, field
            elif field in TIMES:
                assert TIME.fullmatch(value), value
                assert TIME.fullmatch(live), live
            elif field in FIGURES:
                assert live >= 0, field
            elif isinstance(value, dict):
                self._check(value, live)
            else:
                assert live == value, (field, live)

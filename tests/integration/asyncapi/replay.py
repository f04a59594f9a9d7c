"""The replay of a conversation of the document with a real server."""

import json
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import httpx

from service.asyncapi.example_messages import SESSION_ID, STREAM_ID, TRACE_ID
from streaming_content import Connection, Message, connect
from tests.clients.direct import until_closed
from tests.conftest import RunningServer
from tests.integration.access.users import token
from tests.integration.publishing.back_end import PUBLISH_TOKEN

IDS = {"session_id", "stream_id", "trace_id", "resume_token"}
"""Fields whose values differ in each run; equal values of the document have to be equal in a run."""
TIMES = {"timestamp", "session_expires_at", "auth_expires_at", "expires_at", "until"}
DURATIONS = {"processing_time_ms", "duration_ms", "seconds_left"}

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def token_lives(lines: Sequence[dict[str, Any]]) -> Iterator[float]:
    """The seconds until the ends of tokens in the messages of the service."""
    for message in (line["server"] for line in lines if "server" in line):
        end = message.get("auth_expires_at" if message["type"] == "connected" else "expires_at")
        if end is not None and message["type"] != "auth_expiring":
            yield (datetime.fromisoformat(end) - datetime.fromisoformat(message["timestamp"])).total_seconds()


class Replay:
    """The client of a conversation: a context that fails at its end if the server sent another message."""

    def __init__(self, server: RunningServer, session_id: str, lines: Sequence[dict[str, Any]]) -> None:
        self._url = server.ws(session_id)
        self._http = server.url
        self._lives = list(token_lives(lines))
        """How long each token is valid that the client sends; further ones are sent as they are in the document."""
        self._authenticates = lines[0].get("client", {}).get("type") == "auth"
        self._actual_ids = {SESSION_ID: session_id}
        """The ids of this run by those of the document."""
        self._connected: Message = {}
        """The first message of the current connection, which not every conversation contains."""
        self._connection: Connection | None = None

    async def __aenter__(self) -> Self:
        await self._connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection is None:
            return
        if error is None:
            await self._connection.send("ping")
            assert (await self._connection.receive())["type"] == "pong", "a message that is not in the document"
        await self._connection.close()

    async def replay(self, line: dict[str, Any]) -> None:
        """One line of ``x-conversations``: send it, or receive and compare it."""
        assert self._connection is not None
        [(kind, content)] = line.items()
        match kind:
            case "client":
                if "trace" in content:
                    self._actual_ids[TRACE_ID] = TRACE_ID
                payload = {field: self._actual(value) for field, value in content.items()}
                if content["type"] in {"auth", "auth_refresh"} and self._lives:
                    payload["token"] = token("u-42", self._lives.pop(0))
                await self._connection.send_frame(json.dumps(payload))
            case "server":
                first = content["type"] == "connected" and not self._authenticates
                self._compare(content, self._connected if first else await self._connection.receive())
            case "producer":
                await self._produce(**content)
            case "breaks":
                await self._connection.abort()
                await self._connect()
            case "closes":
                connection, self._connection = self._connection, None
                assert await until_closed(connection) == ([], content)
            case _:
                raise AssertionError(kind)

    async def _produce(self, call: str, body: object = None) -> None:
        """Make a call of the producer; the first one creates the stream."""
        method, target = call.split(" ")
        for example, actual in self._actual_ids.items():
            target = target.replace(example, actual)
        content = {"content": body} if isinstance(body, str) else {"json": body}
        headers = {"Authorization": f"Bearer {PUBLISH_TOKEN}"}
        async with httpx.AsyncClient(base_url=self._http, headers=headers) as client:
            answer = await client.request(method, target, **content)
        assert answer.is_success, answer.text
        if "stream_id" in answer.json():
            self._actual_ids[STREAM_ID] = answer.json()["stream_id"]

    async def _connect(self) -> None:
        self._connection = await connect(self._url, ping_interval=None, wait_connected=not self._authenticates)
        self._connected = self._connection.connected

    def _actual(self, value: object) -> object:
        return self._actual_ids.get(value, value) if isinstance(value, str) else value

    def _compare(self, expected: Message, received: Message) -> None:
        """Raise ``AssertionError`` if a message differs in more than the values that differ in each run."""
        assert list(received) == list(expected), received
        for field, value in expected.items():
            actual = received[field]
            assert type(actual) is type(value), (field, actual)
            if field in IDS:
                assert self._actual_ids.setdefault(value, actual) == actual, field
            elif field in TIMES:
                assert TIME.fullmatch(value), value
                assert TIME.fullmatch(actual), actual
            elif field in DURATIONS:
                assert actual >= 0, field
            elif field == "message":
                assert actual.endswith("."), "a sentence, whose wording may change"
            elif isinstance(value, dict):
                self._compare(value, actual)
            else:
                assert actual == value, (field, actual)

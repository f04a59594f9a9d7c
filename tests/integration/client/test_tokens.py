"""The Python client against a service with authentication. Calls of the function for the token are counted."""

import asyncio
import logging
from collections.abc import Callable, Iterator

import pytest
from httpx import AsyncClient

from service.asyncapi.conversations import WITH_TOKENS
from streaming_content import (
    BackOff,
    ConnectFailed,
    ConnectionClosed,
    ServerError,
    StreamingError,
    TokenUnavailable,
    connect,
)
from tests.conftest import RunningServer, stop_cleanly
from tests.integration.access.users import bearer, token

LONG = "word " * 60
"""Three seconds at the speed ``fast``."""


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    running = RunningServer(
        tmp_path_factory.mktemp("guarded"), {"DRAIN_SECONDS": 0, "AUTH_TIMEOUT": 1, "QUOTA_SESSIONS": 0, **WITH_TOKENS}
    )
    yield running
    stop_cleanly(running)


class Tokens:
    """A function that calls these in turn, and the last one again."""

    def __init__(self, *makers: Callable[[], str]) -> None:
        self.makers = makers
        self.calls = 0

    async def __call__(self) -> str:
        self.calls += 1
        return self.makers[min(self.calls, len(self.makers)) - 1]()


async def test_a_token_opens_a_connection_and_is_in_no_log(
    guarded: RunningServer, session_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = token()
    async with connect(guarded.url, session_id, token=secret) as connection:
        assert (await connection.stream("one two", speed="superfast")).data == "one two"
        await connection.send("auth_refresh", token=token())
        assert "auth_expires_at" in connection.connected
    signature = secret.rpartition(".")[2]
    assert not [record for record in caplog.records if signature in record.getMessage() or "Bearer" in str(record.args)]
    assert signature not in str(guarded.log) + str(guarded.noise)


async def test_a_token_that_ends_in_mid_stream_is_replaced_on_the_open_connection(
    guarded: RunningServer, session_id: str
) -> None:
    tokens = Tokens(lambda: token(seconds=2), token)
    async with connect(guarded.url, session_id, token=tokens) as connection:
        stream = await connection.stream(LONG, speed="fast")
        assert await connection.ping() > 0
    assert (stream.data, tokens.calls, connection.token_error) == (LONG, 2, None)


async def test_a_token_that_is_not_replaced_ends_the_connection(guarded: RunningServer, session_id: str) -> None:
    secret = token(seconds=1.5)
    tokens = Tokens(lambda: secret)
    async with connect(guarded.url, session_id, token=tokens) as connection:
        stream = await connection.request(LONG, speed="fast")
        with pytest.raises(ConnectionClosed) as closed:
            await stream.read()
    assert (closed.value.code, closed.value.may_reconnect, tokens.calls) == (4122, True, 2)
    assert stream.chunks


async def test_after_the_end_of_a_token_a_stream_continues_with_the_next(
    guarded: RunningServer, session_id: str
) -> None:
    """The loop of the README."""

    def fail() -> str:
        raise OSError

    tokens = Tokens(lambda: token(seconds=1.5), fail, token)
    connection = await connect(guarded.url, session_id, token=tokens)
    stream = await connection.request(LONG, speed="fast")
    with pytest.raises(ConnectionClosed):
        await stream.read()
    assert isinstance(connection.token_error, TokenUnavailable)
    async with connect(guarded.url, session_id, token=tokens) as connection:
        await connection.resume(stream)
        assert await stream.read() == LONG
    assert (tokens.calls, stream.starts) == (3, 1)


async def test_a_refused_replacement_disturbs_no_other_call(guarded: RunningServer, session_id: str) -> None:
    tokens = Tokens(lambda: token(seconds=5), lambda: token("another"))
    async with connect(guarded.url, session_id, token=tokens) as connection:
        waiting = asyncio.create_task(connection.receive_type("pong"))
        assert (await connection.stream(LONG, speed="fast")).data == LONG
        assert isinstance(connection.token_error, ServerError)
        await connection.send("ping")
        assert (await waiting)["type"] == "pong"


@pytest.mark.parametrize(
    ("secret", "status"),
    [
        (lambda: "unknown", 401),
        (lambda: token(seconds=-100), 401),
        (lambda: token(scope="publish"), 403),
        (lambda: token(sessions="another-*"), 403),
    ],
)
async def test_a_refused_token_is_not_to_be_sent_again(
    guarded: RunningServer, session_id: str, secret: Callable[[], str], status: int
) -> None:
    tokens = Tokens(secret)
    with pytest.raises(ConnectFailed, match="token") as refusal:
        await connect(guarded.url, session_id, token=tokens)
    assert (refusal.value.status, refusal.value.may_reconnect, tokens.calls) == (status, False, 1)
    assert await _attempts(guarded, session_id, tokens) == 1


async def _attempts(server: RunningServer, session_id: str, tokens: Tokens) -> int:
    """How often a client that reconnects as in the README connects."""
    attempts, back_off = 0, BackOff(first=0.001)
    while attempts < 5:
        attempts += 1
        try:
            async with connect(server.url, session_id, token=tokens) as connection:
                await connection.stream("x")
        except (ConnectFailed, ConnectionClosed) as error:
            if not error.may_reconnect:
                break
            await asyncio.wait_for(asyncio.Event().wait(), back_off.next(error))
    return attempts


async def test_without_a_token_the_service_refuses(guarded: RunningServer, session_id: str) -> None:
    with pytest.raises(ServerError, match="UNAUTHENTICATED"):
        await connect(guarded.url, session_id)


async def test_a_revoked_token_ends_the_connection(guarded: RunningServer, session_id: str) -> None:
    async with connect(guarded.url, session_id, token=token(jti="revoked")) as connection, AsyncClient() as http:
        stream = await connection.request("word " * 200)
        await stream.wait_chunks(1)
        revocation = {"token_id": "revoked"}
        answer = await http.post(
            f"{guarded.url}/revocations", json=revocation, headers=bearer(token("admin", scope="admin"))
        )
        assert answer.status_code == 204
        with pytest.raises(ConnectionClosed) as closed:
            await stream.read()
    assert (closed.value.code, closed.value.may_reconnect) == (4123, False)


async def test_without_a_token_to_send_nothing_is_opened() -> None:
    with pytest.raises(TokenUnavailable) as error:
        await connect("http://service.example", token="")
    assert isinstance(error.value, StreamingError)

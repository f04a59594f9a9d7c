"""Authentication: the token opens a connection, and nothing else does."""

from service.cli.checks.probe import Mismatch, Probe, expect, expect_equal
from streaming_content import ConnectFailed, Connection, ConnectionClosed

_UNAUTHENTICATED = 4121
_REFUSED_STATUS = 401
_CLOSED = (401, 403, 404)
"""404 where a proxy, another port or a setting hides the page."""

_OPERATOR_PATHS = ("/metrics", "/docs", "/openapi.json", "/asyncapi.json")
_SUBPROTOCOL = "streaming.v1"
_WRONG_TOKENS = ("verify", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ2ZXJpZnkifQ.", "sk_" + "A" * 43)
"""No token, a token without a signature, and a key that does not exist."""


async def refuses_without_token(probe: Probe) -> str:
    """A client that sends no token is closed, whatever it sends in its place."""
    async with probe.connect_as(None) as connection:
        await connection.send("ping")
        await _expect_refused(connection)
    return f"UNAUTHENTICATED, {_UNAUTHENTICATED}"


async def refuses_wrong_tokens(probe: Probe) -> str:
    """In each carrier."""
    for token in _WRONG_TOKENS:
        await _expect_status(probe, token)
        async with probe.connect_as(None) as connection:
            await connection.send("auth", token=token)
            await _expect_refused(connection)
        async with probe.connect_as(None, subprotocols=[_SUBPROTOCOL, f"bearer.{token}"]) as connection:
            await _expect_refused(connection)
    return f"{len(_WRONG_TOKENS)} tokens: HTTP {_REFUSED_STATUS}, {_UNAUTHENTICATED}"


async def refuses_changed_token(probe: Probe) -> str:
    """The token with one character changed in the middle of its last part: the signature, or the key."""
    token = probe.token or ""
    place = token.rfind(".") + (len(token) - token.rfind(".")) // 2
    other = "A" if token[place] != "A" else "B"
    await _expect_status(probe, token[:place] + other + token[place + 1 :])
    return f"HTTP {_REFUSED_STATUS}"


async def accepts_token_in_message(probe: Probe) -> str:
    async with probe.connect_as(None) as connection:
        await connection.send("auth", token=probe.token)
        return await _expect_connected(connection)


async def accepts_token_as_subprotocol(probe: Probe) -> str:
    async with probe.connect_as(None, subprotocols=[_SUBPROTOCOL, f"bearer.{probe.token}"]) as connection:
        return await _expect_connected(connection)


async def refresh(probe: Probe) -> str:
    """The same token may replace itself; a wrong one is refused, and the connection stays open."""
    async with probe.connect() as connection:
        answer = await connection.exchange("auth_refreshed", "auth_refresh", token=probe.token)
        expires_at = connection.connected.get("auth_expires_at")
        expect_equal("expires_at", expires_at, answer.get("expires_at"))
        await connection.send("auth_refresh", token=_WRONG_TOKENS[0])
        error = await connection.receive()
        expect_equal("error", "UNAUTHENTICATED", error.get("code"))
        expect(not error.get("fatal"), "an error that is not fatal", error)
        await connection.ping()
    return f"the token ends at {expires_at}" if expires_at else "the token does not end"


async def operator_pages_are_closed(probe: Probe) -> str:
    """Metrics and the documents of the API, without a token."""
    statuses = {}
    for path in _OPERATOR_PATHS:
        [response] = await probe.get(path)
        expect(response.status in _CLOSED, f"{path} with status 401, 403 or 404", response.status)
        statuses[path] = response.status
    return ", ".join(f"{path} {status}" for path, status in statuses.items())


async def _expect_status(probe: Probe, token: str) -> None:
    try:
        async with probe.connect_as(token):
            raise Mismatch(f"the handshake refused with HTTP {_REFUSED_STATUS}", "it was accepted")
    except ConnectFailed as refusal:
        expect_equal("status", _REFUSED_STATUS, refusal.status)


async def _expect_refused(connection: Connection) -> None:
    """The next message is the error, and the connection closes."""
    error = await connection.receive()
    expect_equal("the first message", "UNAUTHENTICATED", error.get("code", error["type"]))
    try:
        await connection.receive()
    except ConnectionClosed as closed:
        expect_equal("close code", _UNAUTHENTICATED, closed.code)
    else:
        raise Mismatch(f"a close with {_UNAUTHENTICATED}", "one more message")


async def _expect_connected(connection: Connection) -> str:
    await connection.receive_type("connected")
    stream = await connection.stream("x", speed="superfast")
    expect_equal("the text", "x", stream.data)
    return ""

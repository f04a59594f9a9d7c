"""The limits that ``connected`` reports."""

import time

from service.cli.checks.pacing import words
from service.cli.checks.probe import Mismatch, Probe, expect, expect_equal, expect_error
from streaming_content import Connection, ConnectionClosed

_QUEUE_LENGTH = 10
_EXCESS = 5

_GRACE_SECONDS = 5.0


async def content_size(probe: Probe) -> str:
    """Content of one and a half times the limit: 150 KB by default."""
    async with probe.connect() as connection:
        limit = connection.limits["max_content_size"]
        size = limit * 3 // 2
        await expect_error("CONTENT_TOO_LARGE", connection.stream("x" * size))
        await connection.ping()
        await connection.stream("x", speed="superfast")
    return f"{size} bytes of {limit}"


async def content_size_edge(probe: Probe) -> str:
    """The limit counts bytes of UTF-8, not characters."""
    async with probe.connect() as connection:
        limit = connection.limits["max_content_size"]
        await expect_error("CONTENT_TOO_LARGE", connection.stream(_text_of_bytes(limit + 1)))
        stream = await connection.request(_text_of_bytes(limit))
        await stream.wait_started()
        await stream.skip()
        expect_equal("bytes", limit, len((await stream.read()).encode()))
    return f"{limit} admitted, {limit + 1} refused"


async def requests(probe: Probe) -> str:
    """A session is admitted its limit of requests and no more, also on another connection."""
    session_id = probe.new_session_id()
    async with probe.connect(session_id) as connection:
        limit = connection.limits["max_requests"]
        admitted, refusals = await _request_many(connection, limit + _EXCESS)
        expect_equal("admitted requests", limit, admitted)
        expect_equal("refusals", ["RATE_LIMIT_EXCEEDED"] * _EXCESS, refusals)
        await connection.ping()
    async with probe.connect(session_id) as connection:
        expect_equal("requests_left after a reconnect", 0, connection.connected.get("requests_left"))
        await expect_error("RATE_LIMIT_EXCEEDED", connection.stream("x"))
    return f"{admitted} admitted, {len(refusals)} refused"


async def queue(probe: Probe) -> str:
    """One request is active, ten wait, the next is refused, unless the request limit is reached before."""
    async with probe.connect() as connection:
        stream = await connection.request(words(6), speed="slow")
        await stream.wait_started()
        for _ in range(_QUEUE_LENGTH):
            await connection.request("waiting")
        await connection.request("one too many", request_id="one-too-many")
        is_reachable = connection.limits["max_requests"] > _QUEUE_LENGTH
        while (message := await connection.receive())["type"] != "error":
            expect(message["type"] == "chunk", "an error for the request too many", message["type"])
        if is_reachable:
            expect_equal("error", "QUEUE_FULL", message.get("code"))
            expect_equal("request_id of the error", "one-too-many", message.get("request_id"))
        else:  # either may be found first: requests wait while they are counted
            expect(message.get("code") in ("QUEUE_FULL", "RATE_LIMIT_EXCEEDED"), "a limit", message)
    return f"{_QUEUE_LENGTH} wait" if is_reachable else f"{message.get('code')} comes first"


async def idle(probe: Probe) -> str:
    """The idle timeout, or the end of the session if that is earlier."""
    async with probe.connect() as connection:
        began = time.perf_counter()
        limits = connection.limits
        seconds = min(limits["idle_timeout"], limits["max_session_duration"])
        code, close_code = (
            ("IDLE_TIMEOUT", 4111)
            if limits["idle_timeout"] < limits["max_session_duration"]
            else ("SESSION_TIMEOUT", 4010)
        )
        message = await connection.receive(seconds + _GRACE_SECONDS)
        elapsed = time.perf_counter() - began
        expect_equal("error", code, message.get("code"))
        expect(message.get("fatal"), "a fatal error", message)
        expect(elapsed >= seconds - 0.1, f"not before {seconds:g} s", f"{elapsed:.1f} s")
        try:
            await connection.receive()
        except ConnectionClosed as closed:
            expect_equal("close code", close_code, closed.code)
        else:
            raise Mismatch(f"a close with {close_code}", "one more message")
    return f"{code} after {elapsed:.1f} s"


async def _request_many(connection: Connection, count: int) -> tuple[int, list[str]]:
    """Send ``count`` requests, as many at once as may wait: the number of complete streams, and the error codes."""
    sent = 0
    complete = 0
    refusals: list[str] = []
    while complete + len(refusals) < count:
        while sent < count and sent - complete - len(refusals) < _QUEUE_LENGTH:
            await connection.send("stream_request", content="x", speed="superfast")
            sent += 1
        message = await connection.receive()
        if message["type"] == "stream_complete":
            complete += 1
        elif message["type"] == "error":
            refusals.append(str(message.get("code")))
    return complete, refusals


def _text_of_bytes(size: int) -> str:
    return "é" * (size // 2) + "x" * (size % 2)

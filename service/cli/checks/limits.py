"""The limits, as ``connected`` tells them."""

import time

from service.cli.checks.pacing import words
from service.cli.checks.probe import Mismatch, Probe, expect, expect_equal, expect_error, fresh_session_id
from service.cli.client import Conversation, ConversationBroken, Reception

_QUEUE_LENGTH = 10
_TOO_MANY = 5

_GRACE_SECONDS = 5.0


async def content_size(probe: Probe) -> str:
    """Half as much again as is allowed: 150 KB by default."""
    async with probe.converse() as conversation:
        limit = conversation.limits["max_content_size"]
        size = limit * 3 // 2
        await expect_error("CONTENT_TOO_LARGE", conversation.stream("x" * size))
        await conversation.ping()
        await conversation.stream("x", speed="superfast")
    return f"{size} bytes of {limit}"


async def content_size_edge(probe: Probe) -> str:
    """Bytes of UTF-8 count, not characters."""
    async with probe.converse() as conversation:
        limit = conversation.limits["max_content_size"]
        await expect_error("CONTENT_TOO_LARGE", conversation.stream(_text_of_bytes(limit + 1)))
        reception = Reception()
        await conversation.request(reception, _text_of_bytes(limit))
        await conversation.receive_type("stream_start", reception)
        await conversation.control("skip")
        await conversation.follow(reception)
        expect_equal("bytes", limit, len(reception.data.encode()))
    return f"{limit} admitted, {limit + 1} refused"


async def requests(probe: Probe) -> str:
    """So many requests of a session, and not one more, whatever the connection."""
    session_id = fresh_session_id()
    async with probe.converse(session_id) as conversation:
        limit = conversation.limits["max_requests"]
        admitted, refusals = await _spend(conversation, limit + _TOO_MANY)
        expect_equal("admitted requests", limit, admitted)
        expect_equal("refusals", ["RATE_LIMIT_EXCEEDED"] * _TOO_MANY, refusals)
        await conversation.ping()
    async with probe.converse(session_id) as conversation:
        expect_equal("requests_left after a reconnect", 0, conversation.connected.get("requests_left"))
        await expect_error("RATE_LIMIT_EXCEEDED", conversation.stream("x"))
    return f"{admitted} admitted, {len(refusals)} refused"


async def queue(probe: Probe) -> str:
    """One runs, ten wait, the next is refused; or the request limit stands before that."""
    async with probe.converse() as conversation:
        reception = Reception()
        await conversation.request(reception, words(6), speed="slow")
        await conversation.receive_type("stream_start", reception)
        for _ in range(_QUEUE_LENGTH):
            await conversation.request(reception, "waiting")
        await conversation.request(reception, "one too many", request_id="one-too-many")
        is_reachable = conversation.limits["max_requests"] > _QUEUE_LENGTH
        while (message := (await conversation.receive())[0])["type"] != "error":
            expect(message["type"] == "chunk", "an error for the request too many", message["type"])
        if is_reachable:
            expect_equal("error", "QUEUE_FULL", message.get("code"))
            expect_equal("request_id of the error", "one-too-many", message.get("request_id"))
        else:  # whichever is known first: while requests are counted, they wait
            expect(message.get("code") in ("QUEUE_FULL", "RATE_LIMIT_EXCEEDED"), "a limit", message)
    return f"{_QUEUE_LENGTH} wait" if is_reachable else f"{message.get('code')} comes first"


async def idle(probe: Probe) -> str:
    """Or the end of the session, if its settings let that come first."""
    async with probe.converse() as conversation:
        began = time.perf_counter()
        limits = conversation.limits
        seconds = min(limits["idle_timeout"], limits["max_session_duration"])
        code, close_code = (
            ("IDLE_TIMEOUT", 4111)
            if limits["idle_timeout"] < limits["max_session_duration"]
            else ("SESSION_TIMEOUT", 4010)
        )
        message, at = await conversation.receive(seconds + _GRACE_SECONDS)
        expect_equal("error", code, message.get("code"))
        expect(message.get("fatal"), "a fatal error", message)
        expect(at - began >= seconds - 0.1, f"not before {seconds:g} s", f"{at - began:.1f} s")
        try:
            await conversation.receive()
        except ConversationBroken as end:
            expect_equal("close code", close_code, end.close_code)
        else:
            raise Mismatch(f"a close with {close_code}", "one more message")
    return f"{code} after {at - began:.1f} s"


async def _spend(conversation: Conversation, count: int) -> tuple[int, list[str]]:
    """Send so many requests, as many at a time as may wait; returns how many were streamed, and the errors' codes."""
    sent = 0
    streamed = 0
    refusals: list[str] = []
    while streamed + len(refusals) < count:
        while sent < count and sent - streamed - len(refusals) < _QUEUE_LENGTH:
            await conversation.send("stream_request", content="x", speed="superfast")
            sent += 1
        message, _ = await conversation.receive()
        if message["type"] == "stream_complete":
            streamed += 1
        elif message["type"] == "error":
            refusals.append(str(message.get("code")))
    return streamed, refusals


def _text_of_bytes(size: int) -> str:
    return "é" * (size // 2) + "x" * (size % 2)

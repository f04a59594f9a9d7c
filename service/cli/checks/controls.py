"""Pause, resume, skip, cancel, and what may happen in the middle of a stream."""

import time
from itertools import pairwise

from service.cli.checks.pacing import expect_never_early, tolerance_seconds, words
from service.cli.checks.probe import Mismatch, Probe, chunk_count, expect, expect_equal, expect_whole
from service.cli.client import Conversation, Reception, Silence
from service.cli.pace import GAP_SECONDS

_QUIET_SECONDS = 0.3


async def pause_and_resume(probe: Probe) -> str:
    text = words(20)
    async with probe.converse() as conversation:
        tolerance = await tolerance_seconds(conversation)
        reception = await _begin(conversation, text, speed="fast")
        await conversation.control("pause")
        await conversation.receive_type("stream_paused", reception)
        before = len(reception.chunks)
        try:
            message, _ = await conversation.receive(_QUIET_SECONDS)
        except Silence:
            await conversation.ping(reception)
            expect_equal("chunks in the pause", 0, len(reception.chunks) - before)
        else:
            raise Mismatch("nothing until stream_resumed", message["type"])
        await conversation.control("resume")
        await conversation.receive_type("stream_resumed", reception)
        expect_equal("chunks before stream_resumed", 0, len(reception.chunks) - before)
        await conversation.follow(reception)
    expect_whole(reception)
    expect_equal("text exactly as sent:", text, reception.data)
    expect_never_early(reception.arrivals[before:], GAP_SECONDS["fast"], tolerance)
    return f"paused after {chunk_count(before)} of {len(reception.chunks)}"


async def skip(probe: Probe) -> str:
    text = words(100)
    async with probe.converse() as conversation:
        reception = await _begin(conversation, text, speed="slow")
        began = time.perf_counter()
        await conversation.control("skip")
        await conversation.receive_type("stream_skipped", reception)
        before = len(reception.chunks)
        await conversation.follow(reception)
        limit = conversation.limits["max_chunk_size"]
    expect_whole(reception)
    expect_equal("text exactly as sent:", text, reception.data)
    expect(reception.end["metadata"].get("skipped"), "metadata.skipped", reception.end["metadata"])
    merged = [len(chunk["data"]) for chunk in reception.chunks[before:]]
    roomy = [one + other for one, other in pairwise(merged) if one + other <= limit]
    expect(not roomy, "the rest in as few chunks as the chunk limit allows", chunk_count(len(merged)))
    return f"the rest in {chunk_count(len(merged))} after {(reception.ended_at - began) * 1000:.1f} ms"


async def cancel(probe: Probe) -> str:
    """It is the end of the stream."""
    async with probe.converse() as conversation:
        reception = await _begin(conversation, words(100), speed="superfast")
        await conversation.control("cancel")
        await conversation.receive_type("stream_cancelled", reception)
        try:
            message, _ = await conversation.receive(_QUIET_SECONDS)
        except Silence:
            return f"cancelled after {chunk_count(len(reception.chunks))}"
    raise Mismatch("nothing after stream_cancelled", message["type"])


async def cancel_and_next(probe: Probe) -> str:
    """Whatever waits starts when the stream before it is cancelled."""
    async with probe.converse() as conversation:
        if conversation.limits["max_requests"] == 1:
            return "not to be seen with one request a session"
        await _begin(conversation, words(100), speed="slow")
        waiting = Reception()
        await conversation.request(waiting, "next", speed="superfast")
        await conversation.control("cancel")
        await conversation.receive_type("stream_cancelled")
        await conversation.follow(waiting)
    expect_whole(waiting)
    expect_equal("the next stream's text", "next", waiting.data)
    return ""


async def ping_in_a_stream(probe: Probe) -> str:
    """A pong that waits for the stream comes after its end."""
    async with probe.converse() as conversation:
        reception = await _begin(conversation, words(6), speed="slow")
        seconds = await conversation.ping(reception)
        expect(not reception.end, "a pong in the middle of the stream", "one after its end")
    return f"{seconds * 1000:.1f} ms"


async def mistake_in_a_stream(probe: Probe) -> str:
    text = words(8)
    async with probe.converse() as conversation:
        reception = await _begin(conversation, text, speed="fast")
        await conversation.send_frame("[")
        while (await _next(conversation, reception)) != "error":
            expect(not reception.end, "an error in the middle of the stream", "none")
        await conversation.follow(reception)
    expect_whole(reception)
    expect_equal("text exactly as sent:", text, reception.data)
    return ""


async def _next(conversation: Conversation, reception: Reception) -> str:
    """Take one message; an error is left out of the reception, as it is not the stream's."""
    message, at = await conversation.receive()
    if message["type"] != "error":
        reception.take(message, at)
    return str(message["type"])


async def _begin(conversation: Conversation, text: str, *, speed: str) -> Reception:
    """A stream whose first chunk is there."""
    reception = Reception()
    await conversation.request(reception, text, speed=speed)
    await conversation.receive_type("chunk", reception)
    return reception

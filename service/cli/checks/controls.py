"""Pause, resume, skip and cancel, and other messages during a stream."""

import time
from itertools import pairwise

from service.cli.checks.pacing import expect_never_early, measure_tolerance, words
from service.cli.checks.probe import Mismatch, Probe, chunk_count, expect, expect_complete, expect_equal
from service.cli.pace import GAP_SECONDS
from streaming_content import Connection, ReceiveTimeout, Stream

_QUIET_SECONDS = 0.3


async def pause_and_resume(probe: Probe) -> str:
    text = words(20)
    async with probe.connect() as connection:
        tolerance = await measure_tolerance(probe, connection)
        stream = await _begin(connection, text, speed="fast")
        await stream.pause()
        before = len(stream.chunks)
        try:
            message = await connection.receive(_QUIET_SECONDS)
        except ReceiveTimeout:
            await connection.ping()
            expect_equal("chunks during the pause", 0, len(stream.chunks) - before)
        else:
            raise Mismatch("no message until stream_resumed", message["type"])
        await stream.resume()
        expect_equal("chunks before stream_resumed", 0, len(stream.chunks) - before)
        await stream.read()
    expect_complete(stream)
    expect_equal("the text as sent:", text, stream.data)
    expect_never_early(stream.arrivals[before:], GAP_SECONDS["fast"], tolerance)
    return f"paused after {chunk_count(before)} of {len(stream.chunks)}"


async def skip(probe: Probe) -> str:
    text = words(100)
    async with probe.connect() as connection:
        stream = await _begin(connection, text, speed="slow")
        began = time.perf_counter()
        await stream.skip()
        before = len(stream.chunks)
        await stream.read()
        limit = connection.limits["max_chunk_size"]
    expect_complete(stream)
    expect_equal("the text as sent:", text, stream.data)
    expect(stream.end["metadata"].get("skipped"), "metadata.skipped", stream.end["metadata"])
    merged = [len(chunk.data) for chunk in stream.chunks[before:]]
    joinable = [one + other for one, other in pairwise(merged) if one + other <= limit]
    expect(not joinable, "the rest in as few chunks as the chunk limit allows", chunk_count(len(merged)))
    return f"the rest in {chunk_count(len(merged))} after {(stream.ended_at - began) * 1000:.1f} ms"


async def cancel(probe: Probe) -> str:
    """No message follows ``stream_cancelled``."""
    async with probe.connect() as connection:
        stream = await _begin(connection, words(100), speed="superfast")
        await stream.cancel()
        try:
            message = await connection.receive(_QUIET_SECONDS)
        except ReceiveTimeout:
            return f"cancelled after {chunk_count(len(stream.chunks))}"
    raise Mismatch("nothing after stream_cancelled", message["type"])


async def cancel_and_next(probe: Probe) -> str:
    """A waiting request starts when the stream before it is cancelled."""
    async with probe.connect() as connection:
        if connection.limits["max_requests"] == 1:
            return "not testable with one request a session"
        stream = await _begin(connection, words(100), speed="slow")
        waiting = await connection.request("next", speed="superfast")
        await stream.cancel()
        await waiting.read()
    expect_complete(waiting)
    expect_equal("the text of the next stream", "next", waiting.data)
    return ""


async def ping_in_a_stream(probe: Probe) -> str:
    """The pong arrives before the end of the stream."""
    async with probe.connect() as connection:
        stream = await _begin(connection, words(6), speed="slow")
        seconds = await connection.ping()
        expect(not stream.end, "a pong during the stream", "one after its end")
    return f"{seconds * 1000:.1f} ms"


async def mistake_in_a_stream(probe: Probe) -> str:
    text = words(8)
    async with probe.connect() as connection:
        stream = await _begin(connection, text, speed="fast")
        await connection.send_frame("[")
        await connection.receive_type("error")
        expect(not stream.end, "an error during the stream", "one after its end")
        await stream.read()
    expect_complete(stream)
    expect_equal("the text as sent:", text, stream.data)
    return ""


async def _begin(connection: Connection, text: str, *, speed: str) -> Stream:
    """A stream whose first chunk has arrived."""
    stream = await connection.request(text, speed=speed)
    return await stream.wait_chunks(1)

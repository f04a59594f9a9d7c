"""Streams that continue on another connection."""

from service.cli.checks.pacing import words
from service.cli.checks.probe import Probe, expect, expect_complete, expect_equal

_CHUNKS = 20
_CHUNKS_BEFORE = 5


async def recovery(probe: Probe) -> str:
    """Close the connection during a stream and recover it on another: no chunk is missing or repeated."""
    session_id = probe.new_session_id()
    content = words(_CHUNKS)
    async with probe.connect(session_id) as connection:
        if connection.resume_token is None:
            return "not offered: content is not stored"
        stream = await connection.request(content, speed="superfast")
        await stream.wait_chunks(_CHUNKS_BEFORE)
        expect(stream.resumable, "a stream that is resumable", stream.start)
    last_index = stream.last_index
    async with probe.connect(session_id) as connection:
        await connection.recover(stream)
        answer = await connection.receive_type("stream_recovered")
        expect(answer.get("recovered") is True, "a stream that is recovered", answer)
        expect_equal("next_index", last_index + 1, answer.get("next_index"))
        await stream.read()
        left = connection.connected.get("requests_left")
        expect_equal("requests_left after it", connection.limits["max_requests"] - 1, left)
    expect_complete(stream)
    expect_equal("the text of both parts", content, stream.data)
    return f"recovered at chunk {last_index + 1} of {len(stream.chunks)}"

"""Streams that go on after their connection is gone."""

from service.cli.checks.pacing import words
from service.cli.checks.probe import Probe, expect, expect_equal, fresh_session_id
from service.cli.client import Reception

_CHUNKS = 20
_SEEN = 5


async def recovery(probe: Probe) -> str:
    """Leave in the middle of a stream, and go on with it on another connection: nothing is missing, nothing twice."""
    session_id = fresh_session_id()
    content = words(_CHUNKS)
    reception = Reception()
    async with probe.converse(session_id) as conversation:
        token = conversation.connected.get("resume_token")
        if token is None:
            return "not offered: content is not stored"
        await conversation.request(reception, content, speed="superfast")
        while len(reception.chunks) < _SEEN:
            await conversation.receive_type("chunk", reception)
        expect(reception.start.get("resumable"), "a stream that is resumable", reception.start)
    last_index = reception.chunks[-1]["index"]
    async with probe.converse(session_id) as conversation:
        stream_id = reception.start["stream_id"]
        await conversation.send("recover", stream_id=stream_id, last_index=last_index, token=token)
        answer, _ = await conversation.receive_type("stream_recovered")
        expect(answer.get("recovered") is True, "a stream that is recovered", answer)
        expect_equal("next_index", last_index + 1, answer.get("next_index"))
        await conversation.follow(reception)
        left = conversation.connected.get("requests_left")
        expect_equal("requests_left after it", conversation.limits["max_requests"] - 1, left)
    expect_equal("the text of both parts", content, reception.data)
    expect_equal("indices", list(range(len(reception.chunks))), [chunk["index"] for chunk in reception.chunks])
    return f"went on at chunk {last_index + 1} of {len(reception.chunks)}"

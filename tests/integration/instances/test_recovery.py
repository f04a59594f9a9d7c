"""Recovery of streams on another instance with the same store."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest

from streaming_content import Message
from tests.clients.recovering import CountedStream, RecoveringClient
from tests.integration.instances.conftest import StartInstances
from tests.integration.instances.instances import Instance, Instances
from tests.waiting import eventually

WORDS = 40
TEXT = "".join(f"word{number} " for number in range(WORDS))
LARGE_TEXT = "".join(f"{number:05} " for number in range(5000))
TOKEN_CHARACTERS = 43


@asynccontextmanager
async def moved(there: Instance, session_id: str) -> AsyncIterator[RecoveringClient]:
    """The client of the session on the other instance."""
    async with RecoveringClient(there.address, session_id) as client:
        await client.join()
        yield client


async def begin(client: RecoveringClient, chunks: int, **request: object) -> CountedStream:
    """Request a stream and receive this number of chunks."""
    stream = CountedStream(**{"content": TEXT, "speed": "superfast"} | request)
    await client.follow(stream, until_chunks=chunks)
    return stream


async def test_a_stream_can_be_recovered_after_its_end(
    begun: RecoveringClient, here: Instance, there: Instance, session_id: str
) -> None:
    stream = await begin(begun, WORDS)
    await begun.receive_type("stream_complete")
    here.kill()
    async with moved(there, session_id) as client:
        answer = await client.recover(stream.stream_id, -1, begun.token)
        assert (answer["recovered"], answer["next_index"], answer["total_chunks"]) == (True, 0, WORDS)
        assert await client.rest(0) == TEXT
        answer = await client.recover(stream.stream_id, WORDS - 1, begun.token)
        assert (answer["recovered"], answer["next_index"]) == (True, WORDS)
        assert await client.rest(WORDS) == ""


async def test_an_acknowledged_stream_is_deleted(begun: RecoveringClient, there: Instance, session_id: str) -> None:
    stream = await begin(begun, WORDS)
    await begun.receive_type("stream_complete")
    async with moved(there, session_id) as client:
        assert await is_known(client, stream.stream_id, begun.token)
        await begun.acknowledge(stream)
        await wait_until_unknown(client, stream.stream_id, begun.token)


async def test_a_stream_can_be_recovered_before_its_first_chunk(
    begun: RecoveringClient, here: Instance, there: Instance, session_id: str
) -> None:
    await begun.send("stream_request", content=TEXT, speed="superfast")
    await begun.send("stream_control", action="pause")  # takes effect with stream_start: no chunk is sent
    start = await begun.receive_type("stream_start")
    await wait_for_updates(here)
    here.kill()
    async with moved(there, session_id) as client:
        answer = await client.recover(start["stream_id"], -1, begun.token)
        assert (answer["recovered"], answer["next_index"], answer["paused"]) == (True, 0, True)
        await client.send("stream_control", action="resume")
        assert await client.rest(0) == TEXT


async def test_a_repetition_of_a_request_that_did_not_arrive_is_a_new_request(
    begun: RecoveringClient, here: Instance, there: Instance, session_id: str
) -> None:
    request = CountedStream(content=TEXT, speed="superfast").request
    here.server.process.send_signal(signal.SIGSTOP)  # it does not read the request
    await begun.send("stream_request", **request)
    here.kill()
    async with moved(there, session_id) as client:
        await client.send("stream_request", **request, token=begun.token)
        assert (await client.receive_type("stream_start"))["request_id"] == request["request_id"]
        assert await client.rest(0) == TEXT
        await client.leave()
        assert (await client.join())["requests_left"] == 99


async def test_a_paused_stream_stays_paused(
    begun: RecoveringClient, here: Instance, there: Instance, session_id: str
) -> None:
    stream = await begin(begun, 10)
    await begun.send("stream_control", action="pause")
    await begun.receive_type("stream_paused")
    await wait_for_updates(here)
    here.kill()
    async with moved(there, session_id) as client:
        answer = await client.recover(stream.stream_id, stream.last_index, begun.token)
        assert (answer["recovered"], answer["paused"]) == (True, True)
        await client.send("ping")
        assert (await client.receive())["type"] == "pong"  # and no chunk, though one is due
        await client.send("stream_control", action="resume")
        assert stream.data + await client.rest(len(stream.chunks)) == TEXT


async def test_a_skipped_stream_has_the_same_chunks_again(
    begun: RecoveringClient, here: Instance, there: Instance, session_id: str
) -> None:
    stream = await begin(begun, 10, content=LARGE_TEXT)
    await begun.send("stream_control", action="skip")
    await begun.follow(stream, until_chunks=13)
    await begun.receive_type("stream_complete")  # not acknowledged
    skipped = len(stream.chunks)
    assert 13 < skipped < 60
    assert stream.data == LARGE_TEXT
    here.kill()
    async with moved(there, session_id) as client:
        for last_index in range(-1, skipped):
            answer = await client.recover(stream.stream_id, last_index, begun.token)
            assert (answer["recovered"], answer["next_index"]) == (True, last_index + 1)
            assert await client.rest(last_index + 1) == "".join(chunk.data for chunk in stream.chunks[last_index + 1 :])
        assert (await client.recover(stream.stream_id, skipped, begun.token))["reason"] == "position"


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("milliseconds", range(5))
async def test_all_content_arrives_when_the_process_is_killed_during_a_skip(
    pair: Instances, session_id: str, milliseconds: int
) -> None:
    """If a merged chunk was sent before the store had recorded the skip, the stream begins again."""
    async with RecoveringClient(pair.address, session_id) as client:
        stream = CountedStream(content=LARGE_TEXT, speed="superfast")
        await client.follow(stream, until_chunks=3)
        serving, _ = await asyncio.to_thread(pair.busiest)
        await client.skip()
        await asyncio.sleep(milliseconds / 1000)
        serving.kill()
        while not (stream.end or stream.recoveries):  # the client may have received the rest before the crash
            await client.follow(stream, until_chunks=len(stream.chunks) + 1)
        await client.skip()
        await client.follow(stream)
        assert (stream.end["type"], stream.data, stream.lost, stream.double) == (
            "stream_complete",
            LARGE_TEXT,
            0,
            0,
        )
        await client.leave()
        assert (await client.join())["requests_left"] == 99


async def test_a_stream_can_be_recovered_twice(
    begun: RecoveringClient, here: Instance, there: Instance, session_id: str
) -> None:
    stream = await begin(begun, 10)
    here.kill()
    async with moved(there, session_id) as client:
        await client.recover(stream.stream_id, stream.last_index, begun.token)
        for _ in range(10):
            stream.take(await client.receive_type("chunk"), 0.0)
        there.kill()
    await asyncio.to_thread(there.start)
    async with moved(there, session_id) as client:
        await client.recover(stream.stream_id, stream.last_index, begun.token)
        assert stream.data + await client.rest(20) == TEXT
        await client.leave()
        assert (await client.join())["requests_left"] == 99


async def test_of_two_connections_that_recover_a_stream_one_is_closed(
    begun: RecoveringClient, here: Instance, there: Instance, session_id: str
) -> None:
    stream = await begin(begun, 1, content=TEXT * 3)
    await begun.drop()
    async with moved(here, session_id) as one, moved(there, session_id) as two:
        rivals = (one, two)
        answers = await asyncio.gather(*(rival.recover(stream.stream_id, 0, begun.token) for rival in rivals))
        assert [answer["recovered"] for answer in answers] == [True, True]
        ends = await asyncio.gather(*(_end(rival) for rival in rivals))
    assert sorted(end["type"] for end, _, _ in ends) == ["error", "stream_complete"]
    for end, content, code in ends:
        if end["type"] == "stream_complete":
            assert stream.chunks[0].data + content == TEXT * 3
        else:
            assert (end["code"], end["fatal"], end["retryable"], code) == ("STREAM_TAKEN_OVER", True, False, 4103)
            assert len(content) < len(TEXT) * 2  # within a second or two, of five


async def _end(client: RecoveringClient) -> tuple[Message, str, int | None]:
    """How it ends, what came until then, and the close code if it closes."""
    parts: list[str] = []
    while (message := await client.receive())["type"] not in {"stream_complete", "error"}:
        parts.append(message.get("data", ""))
    code = (await client.closed())[1] if message["type"] == "error" else None
    return message, "".join(parts), code


async def test_a_connection_whose_stream_was_recovered_elsewhere_is_closed(
    begun: RecoveringClient, there: Instance, session_id: str
) -> None:
    """The network of the client broke, and the service has not noticed it."""
    stream = await begin(begun, 1, content=TEXT * 3)
    async with moved(there, session_id) as client:
        await client.recover(stream.stream_id, stream.last_index, begun.token)
        messages, code = await begun.closed()
        assert ([one["code"] for one in messages if one["type"] == "error"], code) == (["STREAM_TAKEN_OVER"], 4103)
        assert stream.chunks[0].data + await client.rest(1) == TEXT * 3


async def test_a_stream_can_be_recovered_with_its_own_token_only(
    begun: RecoveringClient, there: Instance, session_id: str
) -> None:
    stream = await begin(begun, 1)
    own = begun.token
    assert len(own) == TOKEN_CHARACTERS
    last = "A" if own[-1] != "A" else "B"
    async with moved(there, session_id) as client:
        other = await client.stream(content="another", speed="superfast")
        wrong = {
            "empty": "",
            "short": own[:-1],
            "long": own + "A",
            "as long as may be": own.ljust(128, "A"),
            "right but for the end": own[:-1] + last,
            "turned": own[::-1],
            "of another connection": client.token,
            "not ASCII": "ü" * TOKEN_CHARACTERS,
        }
        refusals = {case: await client.recover(stream.stream_id, 0, token) for case, token in wrong.items()}
        refusals["of a stream that is not"] = await client.recover(uuid4().hex, 0, own)
        refusals["for another's stream"] = await client.recover(other.stream_id, 0, own)
        shapes = {(frozenset(answer), answer["recovered"], answer["reason"]) for answer in refusals.values()}
        assert shapes == {(frozenset({"type", "stream_id", "timestamp", "recovered", "reason"}), False, "unknown")}
        await client.send("recover", stream_id=stream.stream_id, last_index=0, token="x" * 129)
        assert (await client.receive_type("error"))["code"] == "INVALID_MESSAGE"
    async with moved(there, f"{session_id}-stranger") as stranger:
        assert (await stranger.recover(stream.stream_id, 0, own))["reason"] == "unknown"
    assert stream.data + await begun.rest(1) == TEXT  # the stream itself is not affected


async def test_a_position_beyond_the_end_and_a_stream_of_this_connection_are_refused(
    begun: RecoveringClient, there: Instance, session_id: str
) -> None:
    stream = await begin(begun, 1)
    async with moved(there, session_id) as client:
        assert (await client.recover(stream.stream_id, WORDS, begun.token))["reason"] == "position"
    assert (await begun.recover(stream.stream_id, 0, begun.token))["reason"] == "running"


async def test_a_stream_is_unknown_after_its_time_to_live(start_instances: StartInstances) -> None:
    here, there = start_instances(2, RESUME_TTL=1).members
    async with RecoveringClient(here.address, "late") as first, RecoveringClient(there.address, "late") as client:
        await first.join()
        stream = await begin(first, WORDS)  # takes longer than that: its lease is renewed
        await client.join()
        await first.receive_type("stream_complete")
        await wait_until_unknown(client, stream.stream_id, first.token)


async def test_a_stream_cannot_be_recovered_after_the_end_of_its_session(start_instances: StartInstances) -> None:
    here, there = start_instances(2, MAX_SESSION_DURATION=2).members
    async with RecoveringClient(here.address, "over") as first, RecoveringClient(there.address, "over") as client:
        await first.join()
        stream = await begin(first, 1)
        messages, code = await first.closed()
        assert (messages[-1]["code"], code) == ("SESSION_TIMEOUT", 4010)
        await client.join()
        assert (await client.recover(stream.stream_id, 0, first.token))["reason"] == "session_over"


async def wait_for_updates(here: Instance) -> None:
    """Return when queued status updates are stored: the store executes a later call after them."""
    async with moved(here, uuid4().hex):
        pass


async def is_known(client: RecoveringClient, stream_id: str | None, token: str) -> bool:
    """Whether the stream is stored, found with a position that it does not have, so that it is not acquired."""
    answer = await client.recover(stream_id, 10**6, token)
    assert answer["reason"] in {"position", "unknown"}
    return bool(answer["reason"] == "position")


async def wait_until_unknown(client: RecoveringClient, stream_id: str | None, token: str) -> None:
    async def is_unknown() -> bool:
        return not await is_known(client, stream_id, token)

    await eventually(is_unknown)

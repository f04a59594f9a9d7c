"""Producers of the Python client against real servers. A complete stream has the digest of what was written."""

import asyncio
from pathlib import Path

import pytest

from service.asyncapi.conversations import WITH_TOKENS
from streaming_content import (
    ConnectFailed,
    ProducerFenced,
    Publisher,
    PublishRefused,
    StreamCancelled,
)
from tests.conftest import RunningServer, StartServer
from tests.integration.access.users import token
from tests.integration.client.narrow_proxy import narrow_proxy
from tests.integration.instances.instances import Instance
from tests.integration.publishing.back_end import OPEN, PUBLISH_TOKEN, BackEnd, back_end
from tests.waiting import wait_for

WORDS = [f"word {number} 😀, " for number in range(200)]
LENGTH = len("".join(WORDS).encode())
KILLS = 3


async def write_words(publisher: Publisher, session_id: str) -> str:
    """Return the id of the stream."""
    async with publisher.stream(session_id) as out:
        for word in WORDS:
            await out.write(word)
            await asyncio.sleep(0)
    assert out.durable == LENGTH
    return out.stream_id


async def assert_complete(calls: BackEnd, stream_id: str, length: int = LENGTH) -> None:
    state = await calls.state(stream_id)
    assert (state["status"], state["durable"]) == ("complete", length)


async def test_the_block_ends_when_everything_is_stored(publisher: Publisher, calls: BackEnd, session_id: str) -> None:
    await assert_complete(calls, await write_words(publisher, session_id))


async def test_a_token_is_stored_without_waiting_for_the_next(
    publisher: Publisher, calls: BackEnd, session_id: str
) -> None:
    async with publisher.stream(session_id) as out:
        await out.write("Hello")
        await out.flush()
        assert (await calls.state(out.stream_id))["durable"] == out.durable == 5


async def test_much_at_once_arrives(publisher: Publisher, calls: BackEnd, session_id: str) -> None:
    async with publisher.stream(session_id) as out:
        await out.write("ünïcödé " * 50_000)
    await assert_complete(calls, out.stream_id, 12 * 50_000)


async def test_a_block_that_fails_leaves_what_was_written(
    publisher: Publisher, calls: BackEnd, session_id: str
) -> None:
    async def publish() -> None:
        async with publisher.stream(session_id) as out:
            ids.append(out.stream_id)
            await out.write("Hello")
            raise LookupError

    ids: list[str] = []
    with pytest.raises(LookupError):
        await publish()
    state = await calls.state(ids[0])
    assert (state["status"], state["durable"]) == ("error", 5)


async def test_a_cancel_stops_a_model_that_thinks(publisher: Publisher, calls: BackEnd, session_id: str) -> None:
    async def publish() -> None:
        async with publisher.stream(session_id) as out, out.stopping():
            await out.write("Hello")
            await out.flush()
            await calls.cancel(out.stream_id)
            await asyncio.Event().wait()

    with pytest.raises(StreamCancelled):
        await publish()


async def test_another_producer_adopts_and_the_first_changes_nothing(
    publisher: Publisher, calls: BackEnd, session_id: str
) -> None:
    async def publish() -> None:
        async with publisher.stream(session_id) as first:
            await first.write("Hello")
            await first.flush()
            async with publisher.adopt(first.stream_id) as second:
                assert (second.offset, second.tail, second.epoch) == (5, "Hello", 1)
                await first.wait_ended()
                with pytest.raises(ProducerFenced):
                    await first.write(" there")
                await second.write(", world")
            await assert_complete(calls, first.stream_id, 12)

    with pytest.raises(ProducerFenced):  # at the end of the first block
        await publish()


async def test_the_same_key_is_the_same_stream(publisher: Publisher, calls: BackEnd, session_id: str) -> None:
    async with publisher.stream(session_id, idempotency_key="answer-1") as first:
        await first.write("Hello")
    async with publisher.stream(session_id, idempotency_key="answer-1") as again:  # a back end that starts anew
        assert (again.stream_id, again.offset) == (first.stream_id, 5)
    await assert_complete(calls, first.stream_id, 5)


@pytest.mark.parametrize("answers", [True, False])
async def test_calls_are_used_where_sockets_are_blocked(
    publishing: RunningServer, calls: BackEnd, session_id: str, *, answers: bool
) -> None:
    async def publish() -> None:
        async with publisher.stream(session_id) as out, out.stopping():
            await out.write("Hello")
            await out.flush()
            await calls.cancel(out.stream_id)
            while True:
                await out.write("more ")
                await out.flush()

    async with narrow_proxy(publishing.address, answers=answers) as url:
        publisher = Publisher(url, token=PUBLISH_TOKEN)
        await assert_complete(calls, await write_words(publisher, session_id))
        with pytest.raises(StreamCancelled):
            await publish()


@pytest.mark.parametrize("by_calls", [False, True])
async def test_tokens_are_replaced_as_they_expire(
    start_server: StartServer, session_id: str, *, by_calls: bool
) -> None:
    server = start_server(**WITH_TOKENS)
    issued = 0

    async def new_token() -> str:
        nonlocal issued
        issued += 1
        return token("app", 1.5, scope="publish")

    async with narrow_proxy(server.address, answers=True) as proxy:
        publisher = Publisher(proxy if by_calls else server.url, token=new_token)
        async with publisher.stream(session_id) as out:
            while issued < 4:
                await out.write("word ")
                await out.flush()
    async with back_end(server, token("app", scope="publish")) as calls:
        await assert_complete(calls, out.stream_id, out.durable)


async def test_refusals_are_sentences(server: RunningServer, start_server: StartServer, session_id: str) -> None:
    with pytest.raises(PublishRefused, match=r"^publishing_off: .+\.$"):
        await write_words(Publisher(server.url, token="x"), session_id)
    small = start_server(**OPEN, LIVE_MAX_SIZE=1024, MAX_REQUESTS_PER_SESSION=1)
    publisher = Publisher(small.url, token=PUBLISH_TOKEN)
    with pytest.raises(PublishRefused, match=r"^source_too_large: .+\.$"):
        await write_words(publisher, session_id)
    with pytest.raises(PublishRefused, match=r"^requests_used_up: .+\.$"):
        await write_words(publisher, session_id)
    with pytest.raises(PublishRefused, match=r"^unauthenticated: .+\.$"):
        await write_words(Publisher(small.url, token="x"), session_id)
    with pytest.raises(PublishRefused, match=r"^unknown_stream: .+\.$"):
        async with publisher.adopt("nothing"):
            pass


@pytest.mark.parametrize("workers", [1, 2])
async def test_nothing_is_lost_when_processes_are_killed(tmp_path: Path, session_id: str, workers: int) -> None:
    settings = {"DRAIN_SECONDS": 0, "DATA_DIR": tmp_path / "data", "MAX_WORKERS": workers, **OPEN}
    instance = Instance(tmp_path / "instance", settings)
    try:
        publisher = Publisher(f"http://{instance.address}", token=PUBLISH_TOKEN)
        async with publisher.stream(session_id) as out:
            length = 0
            for kill in range(KILLS):
                for number in range(50):
                    text = f"{kill}.{number} 😀 "
                    await out.write(text)
                    length += len(text.encode())
                    await asyncio.sleep(0)
                [victim] = await asyncio.to_thread(wait_for, instance.serving, "the producer is connected")
                victim.kill()
                await out.write("after the kill ")
                length += 15
                await instance.replaced(victim)
        async with back_end(instance.server) as calls:
            await assert_complete(calls, out.stream_id, length)
    finally:
        instance.stop()
    assert instance.faults == []


async def test_a_restart_delays_and_loses_nothing(tmp_path: Path, session_id: str) -> None:
    settings = {"DRAIN_SECONDS": 0, "RESTART_SECONDS": 0, "DATA_DIR": tmp_path / "data", **OPEN}
    instance = Instance(tmp_path / "instance", settings)
    try:
        publisher = Publisher(f"http://{instance.address}", token=PUBLISH_TOKEN)
        async with publisher.stream(session_id) as out:
            await out.write("Hello")
            await out.flush()
            assert await asyncio.to_thread(instance.stop) == 0
            await out.write(", world")
            await asyncio.to_thread(instance.start)
        async with back_end(instance.server) as calls:
            await assert_complete(calls, out.stream_id, 12)
    finally:
        instance.stop()


async def test_a_service_that_is_not_there_is_an_error_before_the_block() -> None:
    with pytest.raises(ConnectFailed, match="connection refused"):
        async with Publisher("http://127.0.0.1:1", token="x").stream("s"):
            pass

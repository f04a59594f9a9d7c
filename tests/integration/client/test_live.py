"""Readers of live streams in the Python client, against real servers."""

import asyncio
from pathlib import Path

import pytest

from streaming_content import (
    Connection,
    LiveStream,
    Producer,
    Publisher,
    ServerError,
    StreamCancelled,
    connect,
)
from tests.clients.direct import joined
from tests.clients.live_reading import read_to_end
from tests.conftest import RunningServer
from tests.integration.instances.instances import Instance
from tests.integration.publishing.back_end import OPEN, PUBLISH_TOKEN, BackEnd
from tests.waiting import LIMIT_SECONDS, wait_for

MARKDOWN = """# Title

Some *emphasis*, **bold** text 😀 and a [link].

- one
- two

| a | b |
| - | - |
| 1 | 2 |

```py
x = 1
```

[link]: https://example.com
"""
TOKENS = [MARKDOWN[start : start + 3] for start in range(0, len(MARKDOWN), 3)]
KILLS = 3


async def write(out: Producer, tokens: list[str] = TOKENS) -> None:
    for token in tokens:
        await out.write(token)
        await asyncio.sleep(0)


async def whole(publisher: Publisher, session_id: str) -> str:
    """Publish the document; return the id of its stream."""
    async with publisher.stream(session_id, content_type="markdown") as out:
        await write(out)
    return out.stream_id


async def converted(connection: Connection) -> str:
    """What a request with the whole document results in."""
    return (await connection.stream(MARKDOWN, content_type="markdown", speed="superfast")).data


async def test_a_stream_arrives_unasked(publishing: RunningServer, publisher: Publisher, session_id: str) -> None:
    async with joined(publishing, session_id) as connection:
        await whole(publisher, session_id)
        live = await connection.next_live()
        assert live.start["live"]
        assert await live.read() == await converted(connection)
        assert live.end["total_chunks"] == len(live.chunks)


async def test_a_watch_shows_the_open_end(publishing: RunningServer, publisher: Publisher, session_id: str) -> None:
    async with joined(publishing, session_id) as connection:
        async with publisher.stream(session_id, content_type="markdown") as out:
            live = await connection.watch(out.stream_id, html_mode="incremental")
            await out.write("# Title\n\nSome *emphasis")
            await connection.wait_until(lambda: "<em>emphasis" in live.markup)
            assert live.markup.endswith("</p>")
            settled = live.data.index("<p>")
            assert live.settled == settled
            await out.write("*.\n")
        await live.read()
        await connection.close()
    async with joined(publishing, session_id) as connection:
        again = await connection.watch(out.stream_id, html_mode="incremental")
        assert await again.read() == live.data
        assert live.settled == again.settled == len(live.data.encode("utf-16-le")) // 2


async def test_what_was_shown_ends_as_the_whole_document(
    publishing: RunningServer, publisher: Publisher, session_id: str
) -> None:
    async with joined(publishing, session_id) as reader, joined(publishing, session_id) as other:
        live = await reader.watch(await whole(publisher, session_id), html_mode="incremental")
        assert await live.read() == await converted(other)


async def test_a_reader_comes_back_for_what_is_missing(
    publishing: RunningServer, publisher: Publisher, session_id: str
) -> None:
    async with publisher.stream(session_id, content_type="markdown") as out:
        async with joined(publishing, session_id) as connection:
            live = await connection.watch(out.stream_id, html_mode="incremental")
            await write(out, TOKENS[: len(TOKENS) // 2])
            await live.wait_chunks(1)
            await connection.abort()
        async with joined(publishing, session_id) as connection:
            await connection.resume(live)
            await write(out, TOKENS[len(TOKENS) // 2 :])
            await out.close()
            data = await live.read()
    async with joined(publishing, session_id) as connection:
        assert data == await converted(connection)


async def test_a_second_watch_replaces_the_first(
    publishing: RunningServer, publisher: Publisher, session_id: str
) -> None:
    async with joined(publishing, session_id) as connection, publisher.stream(session_id) as out:
        await out.write("Hello, ")
        first = await (await connection.next_live()).wait_chunks(1)
        second = await connection.watch(out.stream_id)
        assert await first.read() == "Hello, "  # at once
        await out.write("world")
        await out.close()
        assert await second.read() == "Hello, world"


async def test_one_reader_leaves_and_another_stops_it(
    publishing: RunningServer, publisher: Publisher, session_id: str
) -> None:
    async def publish(out: Producer) -> None:
        async with out, out.stopping():
            await out.write("Hello, world")
            await asyncio.Event().wait()

    async with joined(publishing, session_id) as first, joined(publishing, session_id) as second:
        out = publisher.stream(session_id)
        task = asyncio.create_task(publish(out))
        readings = [await one.next_live() for one in (first, second)]
        for reading in readings:
            await reading.wait_chunks(1)
        await readings[0].leave()
        assert readings[0].failure is None
        assert not task.done()
        await readings[1].cancel()
        with pytest.raises(StreamCancelled):
            await readings[1].read()
        with pytest.raises(StreamCancelled):
            await task
        assert out.cancelled


async def test_a_lost_producer_is_seen_and_its_stream_goes_on(
    publishing: RunningServer, publisher: Publisher, calls: BackEnd, session_id: str
) -> None:
    async with joined(publishing, session_id) as connection:
        stream_id = (await calls.create(session_id, request_id="of-the-producer"))["stream_id"]
        await calls.append(stream_id, 0, b"Hello, ")
        live = await connection.next_live()
        await connection.wait_until(lambda: live.producer == "stalled")
        await connection.wait_until(lambda: live.producer == "interrupted")
        async with publisher.adopt(stream_id) as out:
            assert out.tail == "Hello, "
            await connection.wait_until(lambda: live.producer == "writing")
            await out.write("world")
        assert await live.read() == "Hello, world"


async def test_a_producer_that_fails_is_an_error_after_what_it_wrote(
    publishing: RunningServer, publisher: Publisher, session_id: str
) -> None:
    async with joined(publishing, session_id) as connection, publisher.stream(session_id) as out:
        await out.write("Hello")
        await out.close("error")
        live = await connection.next_live()
        with pytest.raises(ServerError, match="PRODUCER_FAILED"):
            await live.read()
        assert live.data == "Hello"


async def test_a_stream_that_there_is_not_is_an_error(publishing: RunningServer, session_id: str) -> None:
    async with joined(publishing, session_id) as connection:
        live = await connection.watch("nothing")
        with pytest.raises(ServerError, match="UNKNOWN_STREAM"):
            await live.read()
        assert await connection.ping()


@pytest.mark.parametrize("workers", [1, 2])
async def test_readers_lose_nothing_when_processes_are_killed(tmp_path: Path, session_id: str, workers: int) -> None:
    settings = {"DRAIN_SECONDS": 0, "DATA_DIR": tmp_path / "data", "MAX_WORKERS": workers, **OPEN}
    instance = Instance(tmp_path / "instance", settings)
    try:
        address = f"http://{instance.address}"
        publisher = Publisher(address, token=PUBLISH_TOKEN)
        async with publisher.stream(session_id, content_type="markdown") as out, asyncio.TaskGroup() as readers:
            modes = ("incremental", "fragment")
            live = [LiveStream(out.stream_id, html_mode=mode) for mode in modes]
            for one in live:
                readers.create_task(read_to_end(address, session_id, one))
            step = len(TOKENS) // KILLS
            for start in range(0, step * KILLS, step):
                await write(out, TOKENS[start : start + step])
                victim, *_ = await asyncio.to_thread(wait_for, instance.serving, "a client is connected")
                victim.kill()
                await instance.replaced(victim)
            await write(out, TOKENS[step * KILLS :])
            await out.close()
        async with connect(address, session_id, timeout=LIMIT_SECONDS) as connection:
            expected = await converted(connection)
        assert [one.data for one in live] == [expected, expected]
    finally:
        instance.stop()
    assert instance.faults == []

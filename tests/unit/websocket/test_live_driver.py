"""Live streams in the driver: woken by changes, detached at every end."""

import asyncio

from service.events import (
    LiveReaderAttached,
    LiveReaderDetached,
)
from service.live.records import LiveState
from service.protocol.server_messages import Chunk
from tests.unit.websocket.test_driver import Live, Served


async def test_a_live_stream_is_sent_as_it_changes_and_detached_at_the_end() -> None:
    live = Live()
    served = Served(live=live)
    async with served.running():
        await served.wait_for(LiveReaderAttached)
        live.stream.append("one two")
        live.change()
        assert served.socket.sent == ["connected", "stream_start", "chunk"]
        live.stream.append(" three")
        live.change()  # its word is due later
        live.stream.end()
        live.change()
        await served.wait_for(LiveReaderDetached)
        live.change()
        served.socket.close(1000, "")
    assert served.socket.sent[-1] == "stream_complete"
    assert live.detached == live.attached


async def test_a_live_stream_is_detached_when_the_connection_is_lost() -> None:
    live = Live()
    served = Served(live=live)
    async with served.running():
        await served.wait_for(LiveReaderAttached)
        served.socket.abort()
    assert live.detached == live.attached
    live.stream.append("more ")
    live.change()
    assert served.socket.sent[-1] == "stream_start"


async def test_a_chunk_of_a_live_stream_that_cannot_be_sent_ends_the_connection() -> None:
    live = Live()
    served = Served(Chunk, live=live)
    async with served.running():
        await served.wait_for(LiveReaderAttached)
        live.stream.append("one two")
        live.change()
    assert (served.socket.close_code, served.socket.sent[-1]) == (1011, "error")
    assert live.detached == live.attached


async def test_a_reader_cancels_a_live_stream() -> None:
    live = Live()
    served = Served(live=live)
    async with served.running():
        await served.wait_for(LiveReaderAttached)
        served.socket.receive(type="stream_control", action="cancel")
        assert served.socket.sent[-1] == "stream_cancelled"
        while live.stream.state is LiveState.OPEN:  # noqa: ASYNC110 - a task of its own
            await asyncio.sleep(0)
        served.driver.offer_live("live-1")
        served.socket.close(1000, "")
    assert served.socket.sent == ["connected", "stream_start", "stream_cancelled"]

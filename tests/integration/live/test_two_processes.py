"""A producer on one process, readers on another."""

import asyncio

from service.protocol.messages import HtmlMode
from tests.integration.instances.instances import Instance
from tests.integration.live.socket_reader import Document, reading
from tests.integration.publishing.back_end import back_end

_WORDS = [f"word {number} " for number in range(300)]
_TEXT = "".join(_WORDS)
_MARKDOWN = "# Title\n\n" + "".join(f"Paragraph {n} with *some* `code`.\n\n- one\n- two\n\n" for n in range(20))


async def test_sockets_of_a_session_get_its_streams_unasked(two: list[Instance], session_id: str) -> None:
    here, there = two
    async with (
        back_end(here.server) as producer,
        reading(there.address, session_id) as early,
        reading(here.address, session_id) as same,
    ):
        stream_id = (await producer.create(session_id))["stream_id"]
        documents = Document(), Document(), Document()
        async with producer.socket(stream_id) as socket:
            offset = 0
            for word in _WORDS:
                await socket.send("append", offset=offset, data=word)
                offset += len(word)
                await asyncio.sleep(0)
            async with reading(there.address, session_id) as late:  # it is open
                await late.until(documents[2], _WORDS[3])
                await socket.send("close", status="complete", offset=offset)
                for reader, document in zip((early, same, late), documents, strict=True):
                    end = await reader.to_end(document)
                    assert end["type"] == "stream_complete"
                    assert end["total_chunks"] == sum(one["type"] == "chunk" for one in document.messages)
    assert [document.kept for document in documents] == [_TEXT] * 3
    assert [document.types for document in documents] == [["stream_start", "stream_complete"]] * 3


async def test_incremental_readers_see_the_markdown_grow(two: list[Instance], session_id: str) -> None:
    here, there = two
    async with back_end(here.server) as producer, reading(there.address, session_id) as reader:
        stream_id = (await producer.create(session_id, "markdown"))["stream_id"]
        document, blocks = Document(), Document()
        await reader.watch(stream_id, document, html_mode=HtmlMode.INCREMENTAL)
        async with producer.socket(stream_id) as socket:
            for offset in range(0, len(_MARKDOWN), 5):
                await socket.send("append", offset=offset, data=_MARKDOWN[offset : offset + 5])
            await reader.until(document, "Paragraph 3 with <em>some</em>")
            await socket.send("close", status="complete", offset=len(_MARKDOWN))
            while "stream_complete" not in document.types:
                await reader.to_end(document)
        async with reading(here.address, session_id) as other:
            await other.watch(stream_id, blocks)
            await other.to_end(blocks)
    assert document.kept == blocks.kept
    assert document.kept.count("<li>") == 40


async def test_a_reader_comes_back_on_the_other_process_with_what_is_settled(
    two: list[Instance], session_id: str
) -> None:
    here, there = two
    document = Document()
    async with back_end(here.server) as producer:
        stream_id = (await producer.create(session_id))["stream_id"]
        await producer.append(stream_id, 0, _TEXT.encode())
        async with reading(here.address, session_id) as reader:
            await reader.until(document, _WORDS[-1].rstrip())
        await producer.append(stream_id, len(_TEXT), b"and the end")
        await producer.close(stream_id, len(_TEXT) + 11)
        document.kept = document.kept[: document.settled]
        async with reading(there.address, session_id) as reader:
            before = len(document.messages)
            await reader.watch(stream_id, document)
            await reader.to_end(document)
    assert document.kept == f"{_TEXT}and the end"
    assert len(document.messages) - before <= 4  # what is settled comes in one piece


async def test_a_cancel_by_a_reader_reaches_the_producer_and_all_readers(two: list[Instance], session_id: str) -> None:
    here, there = two
    async with (
        back_end(here.server) as producer,
        reading(there.address, session_id) as reader,
        reading(here.address, session_id) as other,
    ):
        stream_id = (await producer.create(session_id))["stream_id"]
        async with producer.socket(stream_id) as socket:
            await socket.send("append", offset=0, data="Some words ")
            documents = Document(), Document()
            await reader.until(documents[0], "Some")
            await other.until(documents[1], "Some")
            await reader.send("stream_control", action="cancel")
            await socket.until("cancelled")
            assert (await reader.to_end(documents[0]))["type"] == "stream_cancelled"
            assert (await other.to_end(documents[1]))["type"] == "stream_cancelled"


async def test_another_producer_adopts_on_the_other_process(two: list[Instance], session_id: str) -> None:
    here, there = two
    document = Document()
    async with (
        back_end(here.server) as first,
        back_end(there.server) as second,
        reading(here.address, session_id) as reader,
    ):
        stream_id = (await first.create(session_id))["stream_id"]
        await first.append(stream_id, 0, b"One ")
        await reader.until(document, "One")
        adopted = await second.adopt(stream_id)
        await second.append(stream_id, adopted["offset"], b"two ", adopted["epoch"])
        await first.append(stream_id, 4, b"never ")
        assert first.status == 409
        await second.close(stream_id, 8, epoch=adopted["epoch"])
        await reader.to_end(document)
    assert document.kept == "One two "

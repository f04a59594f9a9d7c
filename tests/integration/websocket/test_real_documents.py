"""Real documents over a real connection: complete and safe in both HTML modes."""

import asyncio
from itertools import accumulate

import pytest

from service.content.chunking.blocks import to_blocks
from service.content.html.sanitise import sanitise_html
from service.content.markdown.convert import markdown_to_html
from service.content.rules import DEFAULT_RULES
from service.protocol.messages import ContentType
from streaming_content import Message
from tests.clients.direct import data, joined, request
from tests.conftest import RunningServer
from tests.documents import content_type, paths
from tests.unit.content.reader import dangers, outline

MAX_BYTES = 3000
"""Longer documents would take too long at the pace of the protocol."""
NO_LIMIT = 10**9

Document = tuple[str, ContentType]


@pytest.fixture(scope="module")
def documents() -> list[Document]:
    return [(path.read_text(), content_type(path)) for path in paths() if path.stat().st_size <= MAX_BYTES]


def expected(document: Document) -> str:
    content, content_type = document
    html = markdown_to_html(content) if content_type is ContentType.MARKDOWN else content
    return to_blocks(sanitise_html(html, DEFAULT_RULES, NO_LIMIT).html)


async def all_streamed(
    server: RunningServer, session_id: str, documents: list[Document], **fields: str
) -> list[list[Message]]:
    """The chunks of each document; all are streamed at once, on connections of one session."""

    async def streamed(content: str, content_type: ContentType) -> list[Message]:
        async with joined(server, session_id) as client:
            await request(client, content, chunk_by="sentence", **{"content_type": content_type} | fields)
            messages = await client.receive_until("stream_complete")
        assert (messages[0]["type"], messages[0]["total_chunks"]) == ("stream_start", messages[-1]["total_chunks"])
        return messages[1:-1]

    return await asyncio.gather(*(streamed(*document) for document in documents))


async def test_fragments_are_balanced_and_safe(
    server: RunningServer, session_id: str, documents: list[Document]
) -> None:
    streams = await all_streamed(server, session_id, documents)
    for html, chunks in zip(map(expected, documents), streams, strict=True):
        assert data(chunks) == html
        assert outline(*(chunk["data"] for chunk in chunks)) == outline(html)
        assert all("close" not in chunk and dangers(chunk["data"]) == [] for chunk in chunks)


async def test_increments_are_safe_at_every_chunk(
    server: RunningServer, session_id: str, documents: list[Document]
) -> None:
    streams = await all_streamed(server, session_id, documents, html_mode="incremental")
    for html, chunks in zip(map(expected, documents), streams, strict=True):
        assert data(chunks) == html
        assert chunks[-1]["close"] == ""
        for so_far, chunk in zip(accumulate(chunk["data"] for chunk in chunks), chunks, strict=True):
            assert dangers(so_far + chunk["close"]) == []


async def test_text_is_returned_exactly(server: RunningServer, session_id: str, documents: list[Document]) -> None:
    streams = await all_streamed(server, session_id, documents, content_type="text")
    for (content, _), chunks in zip(documents, streams, strict=True):
        assert data(chunks) == content

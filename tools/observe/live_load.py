"""The demo load of live streams: back ends that publish answers of a model, their readers, and what goes wrong."""

import asyncio
import random
import secrets
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Final

import httpx

from benchmarks.documents import document
from service.protocol.messages import ContentType, HtmlMode
from streaming_content import Connection, Producer, ProducerFenced, Publisher, StreamCancelled, connect

PUBLISH_TOKEN: Final = secrets.token_hex(16)
"""Of the service of the demo."""
_TOKENS_PER_SECOND: Final = 40
_CHARACTERS: Final = (1, 7)
"""Of a token."""
_BYTES: Final = (300, 3000)
"""Of an answer."""
_REFERENCES: Final = "See the [notes][n] and [the rest][n].\n\n{}\n\n[n]: https://example.com/notes\n"
"""Markdown whose first block waits for its last line."""
_STALL_SECONDS: Final = 7
_LOSS_SECONDS: Final = 18

Visit = Callable[[], Awaitable[None]]


class LiveLoad:
    """Producers and readers of the service at ``address``; ``new_session`` returns a new id."""

    def __init__(self, address: str, chance: random.Random, new_session: Callable[[], str]) -> None:
        self._url = f"http://{address}"
        self._random = chance
        self._new_session = new_session
        self._publisher = Publisher(self._url, token=PUBLISH_TOKEN, retry_seconds=5)

    def visits(self) -> Iterator[tuple[Visit, float]]:
        """Each visit with the mean of the seconds between two of them."""
        yield from [(self._answer, 8)] * 5
        yield from ((self._stand_in, 30), (self._lose, 60), (self._listen, 20))

    async def _answer(self) -> None:
        """A model writes, its page reads, and sometimes another page comes late."""
        session = self._new_session()
        async with connect(self._url, session, ping_interval=None) as page:
            reading = asyncio.create_task(self._read(page))
            try:
                with suppress(StreamCancelled):
                    async with self._publisher.stream(session, content_type=self._content_type()) as out:
                        await self._write(out, self._text())
                        if self._happens(0.3):
                            await self._come_late(session, out.stream_id)
                        await self._write(out, self._text())
                await reading
            finally:
                reading.cancel()

    async def _read(self, page: Connection) -> None:
        stream = await page.next_live()
        action = self._random.choices(["read", "pause", "skip", "cancel"], [80, 8, 7, 5])[0]
        if action != "read":
            await asyncio.sleep(1)
            await page.control(action)
        if action == "pause":
            await asyncio.sleep(2)
            await page.control("resume")
        await stream.wait_ended()

    async def _come_late(self, session: str, stream_id: str) -> None:
        async with connect(self._url, session, ping_interval=None) as page:
            stream = await page.watch(stream_id, html_mode=HtmlMode.INCREMENTAL)
            await stream.wait_chunks(1)
            await asyncio.sleep(2)
            await stream.leave()

    async def _stand_in(self) -> None:
        """A producer stalls and goes on; another one adopts its stream, and the first one is refused."""
        session = self._new_session()
        with suppress(ProducerFenced):
            async with self._publisher.stream(session, content_type="markdown") as out:
                await self._write(out, self._text())
                await out.flush()
                async with self._publisher.adopt(out.stream_id) as other:
                    await self._write(other, self._text())
                await self._write(out, "Too late.")

    async def _lose(self) -> None:
        """A back end dies: its stream stalls, is interrupted, and is adopted or not."""
        headers = {"Authorization": f"Bearer {PUBLISH_TOKEN}"}
        async with httpx.AsyncClient(base_url=f"{self._url}/v1", headers=headers, trust_env=False) as http:
            options = {"content_type": "markdown"}
            created = (await http.post(f"/sessions/{self._new_session()}/streams", json=options)).json()
            append = f"/streams/{created['stream_id']}/append"
            await http.post(append, params={"epoch": 0, "offset": 0}, content=b"One. ")
            await asyncio.sleep(_STALL_SECONDS)
            await http.post(append, params={"epoch": 0, "offset": 5}, content=b"Two. ")
            await http.post(append, params={"epoch": 0, "offset": 99}, content=b"A gap.")
        await asyncio.sleep(_LOSS_SECONDS)
        if self._happens(0.7):
            async with self._publisher.adopt(created["stream_id"]) as out:
                await self._write(out, "Three.")

    async def _listen(self) -> None:
        """A reader without sockets."""
        session = self._new_session()
        async with (
            self._publisher.stream(session, content_type="markdown") as out,
            httpx.AsyncClient(base_url=f"{self._url}/v1", trust_env=False, timeout=30) as http,
        ):
            listening = asyncio.create_task(
                http.get(f"/streams/{out.stream_id}/events", params={"session_id": session})
            )
            try:
                await self._write(out, self._text())
                await out.close()
                await listening
            finally:
                listening.cancel()

    async def _write(self, out: Producer, text: str) -> None:
        at = 0
        while at < len(text):
            size = self._random.randint(*_CHARACTERS)
            await out.write(text[at : at + size])
            at += size
            await asyncio.sleep(self._random.expovariate(_TOKENS_PER_SECOND))

    def _content_type(self) -> ContentType:
        return self._random.choices(list(ContentType), [2, 2, 6])[0]

    def _text(self) -> str:
        text = document(ContentType.MARKDOWN, self._random.randint(*_BYTES))
        return _REFERENCES.format(text) if self._happens(0.3) else text

    def _happens(self, share: float) -> bool:
        return self._random.random() < share

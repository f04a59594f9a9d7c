"""The live sample of the test page: a stream that the service itself writes into the session of the page."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from itertools import cycle
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from service.client_address import TrustedProxies
from service.events import FaultRaised, FaultSource
from service.live.records import Append, LiveRecord, LiveStatus
from service.protocol.messages import ContentType
from service.protocol.publish_errors import PublishError, PublishErrorCode
from service.publishing.creation import Creation, Creator, Options
from service.publishing.publications import Publications
from service.publishing.publish_route import publish_route, read_model
from service.publishing.rights import HttpProducer, Producer
from service.session.ports import Ids, Recorder, StoreUnavailable
from service.websocket.asgi import trace_context

_TEXT = Path(__file__).with_suffix(".md")
MAX_SAMPLES = 20
"""That are written at once."""
_RETRY_SECONDS = 5.0
_TOKENS = (3, 5, 2, 6, 4, 1, 7, 4)
"""The characters of one token after the other …"""
_WAITS = (0.015, 0.01, 0.02, 0.0, 0.0, 0.12, 0.01)
"""… and the seconds before the next one: of another length, so that the rhythm does not repeat soon."""
_FAILURES = 5


class SampleToWrite(BaseModel):
    """Where the sample goes."""

    session_id: str


class WrittenSample(BaseModel):
    """The stream that has begun."""

    stream_id: str


class LiveSamples:
    """Writes samples. With authentication a token with the scope ``publish`` is needed; without, none is."""

    def __init__(  # noqa: PLR0913, PLR0917 - independent parts
        self,
        creator: Creator,
        publications: Publications,
        producer: HttpProducer | None,
        proxies: TrustedProxies,
        ids: Ids,
        recorder: Recorder,
    ) -> None:
        """``producer`` checks the token; ``None`` without authentication."""
        self._creator = creator
        self._publications = publications
        self._producer = producer
        self._proxies = proxies
        self._ids = ids
        self._recorder = recorder
        self._tasks: set[asyncio.Task[None]] = set()
        self._beginning = 0
        """Calls whose sample is not being written yet."""

    def routes(self) -> APIRouter:
        """The route that the test page calls."""
        router = APIRouter(route_class=publish_route(self._recorder), include_in_schema=False)

        publishes = Annotated[Producer, Depends(self._producer or _anyone)]

        @router.post("/websocket-test/live", status_code=202)
        async def write(request: Request, producer: publishes) -> WrittenSample:
            if len(self._tasks) + self._beginning >= MAX_SAMPLES:
                sentence = "Many samples are being written. Try again soon."
                raise PublishError(PublishErrorCode.OVERLOADED, sentence, retry_after_seconds=_RETRY_SECONDS)
            self._beginning += 1
            try:
                record = await self._create(request, producer)
                task = asyncio.create_task(self._write(producer, record))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            finally:
                self._beginning -= 1
            return WrittenSample(stream_id=record.stream_id)

        return router

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """At the end, samples that are not written stop."""
        try:
            yield
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _create(self, request: Request, producer: Producer) -> LiveRecord:
        if request.headers.get("content-type") != "application/json":  # which pages of other origins cannot send
            raise PublishError(PublishErrorCode.INVALID_REQUEST, "Send it with Content-Type: application/json.")
        sample = await read_model(request, SampleToWrite)
        creation = Creation(
            session_id=sample.session_id,
            options=Options(ContentType.MARKDOWN),
            address=self._proxies.client_address(request.scope),
            trace=trace_context(request.scope),
        )
        return await self._creator.create(producer, creation)

    async def _write(self, producer: Producer, record: LiveRecord) -> None:
        try:
            offset, failures = 0, 0
            for data, seconds in _tokens():
                while True:
                    try:
                        await self._publications.append(producer, Append(record.stream_id, record.epoch, offset, data))
                        break
                    except StoreUnavailable:
                        failures += 1
                        if failures > _FAILURES:
                            return
                        await asyncio.sleep(1)
                offset += len(data)
                await asyncio.sleep(seconds)
            last = Append(record.stream_id, record.epoch, offset, b"", LiveStatus.COMPLETE)
            await self._publications.append(producer, last)
        except PublishError:
            pass  # a reader has cancelled it
        except asyncio.CancelledError:
            with suppress(PublishError, StoreUnavailable):
                await self._publications.cancel(record.stream_id)
            raise
        except Exception as exception:  # noqa: BLE001 - the outermost guard of the task
            error_id = self._ids.new_id()
            self._recorder.record(
                FaultRaised(error_id, FaultSource.LIVE, exception, "", record.session_id, record.stream_id)
            )


async def _anyone() -> Producer:
    """Without authentication, who has the id of a session may read it and have a sample written into it."""
    return Producer()


def _tokens() -> Iterator[tuple[bytes, float]]:
    text = _TEXT.read_text()
    sizes, waits = cycle(_TOKENS), cycle(_WAITS)
    start = 0
    while start < len(text):
        size = next(sizes)
        yield text[start : start + size].encode(), next(waits)
        start += size

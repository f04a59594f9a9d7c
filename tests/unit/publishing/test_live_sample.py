"""The live sample of the test page: who may have it written, and how many are written at once."""

import asyncio

import httpx
from fastapi import FastAPI

from service.client_address import TrustedProxies
from service.live.records import LiveRecord
from service.protocol.publish_errors import PublishError, PublishErrorCode
from service.publishing.creation import Creation
from service.publishing.live_sample import MAX_SAMPLES, LiveSamples
from service.publishing.rights import Producer
from tests.unit.publishing.press import Press
from tests.unit.websocket.in_memory import Ids


class _Creator:
    """Answers no call before ``answers`` is set, and then each with a refusal."""

    def __init__(self) -> None:
        self.calls = 0
        self.all_called = asyncio.Event()
        self.answers = asyncio.Event()

    async def create(self, _producer: Producer, _creation: Creation) -> LiveRecord:
        self.calls += 1
        if self.calls == MAX_SAMPLES:
            self.all_called.set()
        await self.answers.wait()
        raise PublishError(PublishErrorCode.REQUESTS_USED_UP, "The session has used its requests.")


async def test_calls_that_wait_for_their_stream_count_as_samples() -> None:
    creator, press = _Creator(), Press()
    samples = LiveSamples(creator, press.publications, None, TrustedProxies(), Ids(), press)
    app = FastAPI()
    app.include_router(samples.routes())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:

        async def call() -> str:
            answer = await client.post("/websocket-test/live", json={"session_id": "s-1"})
            code: str = answer.json()["error"]["code"]
            return code

        waiting = [asyncio.create_task(call()) for _ in range(MAX_SAMPLES)]
        await creator.all_called.wait()
        assert await call() == "overloaded"
        creator.answers.set()
        assert set(await asyncio.gather(*waiting)) == {"requests_used_up"}
        assert await call() == "requests_used_up"


async def test_a_page_of_another_origin_cannot_have_one_written() -> None:
    """It can send forms, to any session whose id it has; other types need the consent of the service (CORS)."""
    creator, press = _Creator(), Press()
    app = FastAPI()
    app.include_router(LiveSamples(creator, press.publications, None, TrustedProxies(), Ids(), press).routes())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        for type_ in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
            headers = {"content-type": type_}
            answer = await client.post("/websocket-test/live", content=b'{"session_id": "s-1"}', headers=headers)
            assert (answer.status_code, creator.calls) == (400, 0)

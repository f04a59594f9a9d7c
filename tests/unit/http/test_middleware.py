"""Every HTTP response is recorded, and no exception leaves the middleware."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import StreamingResponse

from service.events import Event, FaultRaised, FaultSource, HttpRequestServed
from service.http.middleware import HttpMetricsMiddleware
from service.process.ids import RandomIds
from service.protocol.instant import Instant
from service.websocket.asgi import Message


class RecordedApp:
    """An application with the middleware, whose clock moves only in its routes."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.seconds = 100.0
        app = FastAPI(openapi_url=None)
        app.add_api_route("/ok/{name}", self._ok)
        app.add_api_route("/broken", self._broken)
        app.add_api_route("/v1/broken", self._broken)
        app.add_api_route("/interrupted", self._interrupted)
        app.add_middleware(CORSMiddleware, allow_origins=["*"])
        app.add_middleware(
            HttpMetricsMiddleware,
            recorder=self,
            ids=RandomIds(lambda _trace_id, _parent: False),
            clock=lambda: Instant(self.seconds, 0.0),
        )
        self.app = app

    def record(self, event: Event) -> None:
        self.events.append(event)

    async def request(self, method: str, path: str, **headers: str) -> httpx.Response:
        transport = httpx.ASGITransport(app=self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.request(method, path, headers=headers)

    async def _ok(self, name: str) -> str:
        self.seconds += 1.5
        return name

    async def _broken(self) -> None:
        self.seconds += 0.5
        raise LookupError("secret")

    async def _interrupted(self) -> StreamingResponse:
        async def body() -> AsyncIterator[str]:
            yield "the first half"
            raise LookupError("secret")

        return StreamingResponse(body())


@pytest.fixture
def recorded() -> RecordedApp:
    return RecordedApp()


async def test_a_response_is_recorded_with_the_path_template_of_its_route(recorded: RecordedApp) -> None:
    answer = await recorded.request("GET", "/ok/42?token=secret")
    assert answer.json() == "42"
    assert recorded.events == [HttpRequestServed("GET", "/ok/{name}", 200, 1.5)]


async def test_a_response_without_a_route_is_recorded_too(recorded: RecordedApp) -> None:
    await recorded.request("GET", "/nowhere")
    await recorded.request("POST", "/ok/42")
    await recorded.request("OPTIONS", "/ok/42")
    assert recorded.events == [
        HttpRequestServed("GET", None, 404, 0.0),
        HttpRequestServed("POST", "/ok/{name}", 405, 0.0),
        HttpRequestServed("OPTIONS", "/ok/{name}", 405, 0.0),
    ]


async def test_a_preflight_is_recorded_without_a_route(recorded: RecordedApp) -> None:
    await recorded.request(
        "OPTIONS", "/ok/42", **{"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}
    )
    assert recorded.events == [HttpRequestServed("OPTIONS", None, 200, 0.0)]


async def test_an_exception_is_recorded_and_the_client_receives_only_its_id(recorded: RecordedApp) -> None:
    answer = await recorded.request("GET", "/broken")
    fault, answered = recorded.events
    assert isinstance(fault, FaultRaised)
    assert (fault.source, type(fault.exception)) == (FaultSource.HTTP, LookupError)
    assert answered == HttpRequestServed("GET", "/broken", 500, 0.5)
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/json")
    assert fault.error_id in answer.json()["detail"]
    assert "secret" not in answer.text


async def test_a_fault_of_a_route_for_live_streams_has_the_form_of_its_errors(recorded: RecordedApp) -> None:
    error = (await recorded.request("GET", "/v1/broken")).json()["error"]
    fault = recorded.events[0]
    assert isinstance(fault, FaultRaised)
    assert error["code"] == "internal_error"
    assert fault.error_id in error["message"]


async def test_an_interrupted_response_is_left_incomplete_for_the_server_to_close(recorded: RecordedApp) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET",
        "path": "/interrupted",
        "root_path": "",
        "query_string": b"",
        "headers": [],
    }
    await recorded.app(scope, receive, send)
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert sent[-1]["more_body"]
    fault, answered = recorded.events
    assert isinstance(fault, FaultRaised)
    assert answered == HttpRequestServed("GET", "/interrupted", 500, 0.0)

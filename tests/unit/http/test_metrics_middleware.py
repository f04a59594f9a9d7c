"""Around all HTTP: each answer is recorded, and no exception gets past."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import StreamingResponse

from service.events import Event, FaultRaised, FaultSource, HttpRequestServed
from service.http.metrics_middleware import HttpMetricsMiddleware
from service.process.ids import RandomIds
from service.protocol.instant import Instant
from service.websocket.endpoint import Message


class Watched:
    """An application with routes of all kinds, whose clock only moves when a route takes its time."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.seconds = 100.0
        app = FastAPI(openapi_url=None)
        app.add_api_route("/calm/{name}", self._calm)
        app.add_api_route("/broken", self._broken)
        app.add_api_route("/breaking-off", self._breaking_off)
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

    async def ask(self, method: str, path: str, **headers: str) -> httpx.Response:
        transport = httpx.ASGITransport(app=self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.request(method, path, headers=headers)

    async def _calm(self, name: str) -> str:
        self.seconds += 1.5
        return name

    async def _broken(self) -> None:
        self.seconds += 0.5
        raise LookupError("secret")

    async def _breaking_off(self) -> StreamingResponse:
        async def body() -> AsyncIterator[str]:
            yield "the first half"
            raise LookupError("secret")

        return StreamingResponse(body())


@pytest.fixture
def watched() -> Watched:
    return Watched()


async def test_an_answer_is_recorded_with_its_routes_path_and_not_the_clients(watched: Watched) -> None:
    answer = await watched.ask("GET", "/calm/42?token=secret")
    assert answer.json() == "42"
    assert watched.events == [HttpRequestServed("GET", "/calm/{name}", 200, 1.5)]


async def test_what_no_route_answers_is_recorded_too(watched: Watched) -> None:
    await watched.ask("GET", "/nowhere")
    await watched.ask("POST", "/calm/42")
    await watched.ask("OPTIONS", "/calm/42")
    assert watched.events == [
        HttpRequestServed("GET", None, 404, 0.0),
        HttpRequestServed("POST", "/calm/{name}", 405, 0.0),
        HttpRequestServed("OPTIONS", "/calm/{name}", 405, 0.0),
    ]


async def test_a_preflight_is_answered_before_there_is_a_route(watched: Watched) -> None:
    await watched.ask("OPTIONS", "/calm/42", **{"Origin": "https://a.example", "Access-Control-Request-Method": "GET"})
    assert watched.events == [HttpRequestServed("OPTIONS", None, 200, 0.0)]


async def test_an_exception_becomes_a_fault_and_its_id_is_all_that_the_client_learns(watched: Watched) -> None:
    answer = await watched.ask("GET", "/broken")
    fault, answered = watched.events
    assert isinstance(fault, FaultRaised)
    assert (fault.source, type(fault.exception)) == (FaultSource.HTTP, LookupError)
    assert answered == HttpRequestServed("GET", "/broken", 500, 0.5)
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/json")
    assert fault.error_id in answer.json()["detail"]
    assert "secret" not in answer.text


async def test_an_answer_that_breaks_off_is_left_unfinished_for_the_server_to_close(watched: Watched) -> None:
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
        "path": "/breaking-off",
        "root_path": "",
        "query_string": b"",
        "headers": [],
    }
    await watched.app(scope, receive, send)
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert sent[-1]["more_body"]
    fault, answered = watched.events
    assert isinstance(fault, FaultRaised)
    assert answered == HttpRequestServed("GET", "/breaking-off", 500, 0.0)

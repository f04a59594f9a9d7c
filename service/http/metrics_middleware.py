"""The recording of HTTP responses and of exceptions that a route raises."""

from collections.abc import Callable

from starlette.responses import JSONResponse

from service.events import FaultRaised, FaultSource, HttpRequestServed
from service.protocol.instant import Instant
from service.session.ports import Ids, Recorder
from service.websocket.endpoint import Application, Message, Receive, Scope, Send

_FAULT_STATUS = 500


class HttpMetricsMiddleware:
    """Middleware around all HTTP routes.

    An exception is recorded and not passed on to the server, which would print it: the client receives a 500 with the
    id under which it was recorded. If the response had started, the server closes the connection instead.
    """

    def __init__(self, app: Application, recorder: Recorder, ids: Ids, clock: Callable[[], Instant]) -> None:
        self._app = app
        self._recorder = recorder
        self._ids = ids
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = self._clock().seconds
        status: int | None = None

        async def send_recorded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_recorded)
        except Exception as exception:  # noqa: BLE001 - the outermost guard of HTTP
            error_id = self._ids.new_id()
            self._recorder.record(FaultRaised(error_id, FaultSource.HTTP, exception))
            if status is None:
                await _fault_response(error_id)(scope, receive, send)
            status = _FAULT_STATUS
        if status is not None:
            seconds = self._clock().seconds - started
            self._recorder.record(HttpRequestServed(scope["method"], _route(scope), status, seconds))


def _fault_response(error_id: str) -> JSONResponse:
    sentence = f"The service failed. Try again; if it happens again, report id {error_id}."
    return JSONResponse({"detail": sentence}, _FAULT_STATUS)


def _route(scope: Scope) -> str | None:
    """The path template of the matched route, which the router stores in the scope."""
    path = getattr(scope.get("route"), "path", None)
    return path if isinstance(path, str) else None

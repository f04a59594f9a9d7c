"""The middleware around the HTTP routes: recording, and the routing by port."""

from collections.abc import Awaitable, Callable

from starlette.responses import JSONResponse

from service.events import FaultRaised, FaultSource, HttpRequestServed
from service.process.listeners import METRICS_PORTS_STATE
from service.protocol.instant import Instant
from service.protocol.publish_errors import PublishErrorCode
from service.session.ports import Ids, Recorder
from service.websocket.asgi import Application, Message, Receive, Scope, Send

_FAULT_STATUS = 500

_LIVE_PREFIX = "/v1/"
"""Of the routes for live streams."""

_METRICS_PATH = "/metrics"

_UNKNOWN_PATH = "/nowhere"


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
        answered = started

        async def send_recorded(message: Message) -> None:
            nonlocal status, answered
            if message["type"] == "http.response.start":
                status = message["status"]
                answered = self._clock().seconds
            await send(message)

        try:
            await self._app(scope, receive, send_recorded)
        except Exception as exception:  # noqa: BLE001 - the outermost guard of HTTP
            error_id = self._ids.new_id()
            self._recorder.record(FaultRaised(error_id, FaultSource.HTTP, exception))
            if status is None:
                await _fault_response(error_id, scope["path"])(scope, receive, send_recorded)
            status = _FAULT_STATUS
        if status is not None:
            self._recorder.record(HttpRequestServed(scope["method"], _route(scope), status, answered - started))


def _fault_response(error_id: str, path: str) -> JSONResponse:
    """In the form of the other errors of the route."""
    sentence = f"The service failed. Try again; if it happens again, report id {error_id}."
    if path.startswith(_LIVE_PREFIX):
        return JSONResponse({"error": {"code": PublishErrorCode.INTERNAL_ERROR, "message": sentence}}, _FAULT_STATUS)
    return JSONResponse({"detail": sentence}, _FAULT_STATUS)


def _route(scope: Scope) -> str | None:
    """The path template of the matched route, which the router stores in the scope."""
    path = getattr(scope.get("route"), "path", None)
    return path if isinstance(path, str) else None


class MetricsPortMiddleware:
    """The outermost middleware: with ``METRICS_PORT``, the metrics are served on that port and nowhere else.

    A path that only the other port serves does not exist on this one.
    """

    def __init__(self, app: Application) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Not a coroutine function, for the same reason as ``WebSocketRouter``."""
        if scope["type"] != "lifespan" and _on_other_port(scope):
            scope["path"] = _UNKNOWN_PATH
        return self._app(scope, receive, send)


def _on_other_port(scope: Scope) -> bool:
    metrics_ports: frozenset[int] = scope["state"][METRICS_PORTS_STATE]
    for_metrics: bool = scope["path"] == _METRICS_PATH
    return bool(metrics_ports) and for_metrics != (scope["server"][1] in metrics_ports)

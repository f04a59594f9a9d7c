"""Which port answers what: metrics with a port of their own are there and nowhere else."""

from collections.abc import Awaitable

from service.process.listeners import METRICS_PORTS_STATE
from service.websocket.endpoint import Application, Receive, Scope, Send

_METRICS_PATH = "/metrics"

_UNKNOWN_PATH = "/nowhere"


class MetricsPortMiddleware:
    """The outermost middleware: what the other port serves is, to this one, a path that nobody knows."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Not a coroutine, for the same reason as ``WebSocketRouter``'s."""
        if scope["type"] != "lifespan" and _is_elsewhere(scope):
            scope["path"] = _UNKNOWN_PATH
        return self._app(scope, receive, send)


def _is_elsewhere(scope: Scope) -> bool:
    metrics_ports: frozenset[int] = scope["state"][METRICS_PORTS_STATE]
    asks_for_metrics: bool = scope["path"] == _METRICS_PATH
    return bool(metrics_ports) and asks_for_metrics != (scope["server"][1] in metrics_ports)

"""The routing by port: with ``METRICS_PORT``, the metrics are served on that port and nowhere else."""

from collections.abc import Awaitable

from service.process.listeners import METRICS_PORTS_STATE
from service.websocket.endpoint import Application, Receive, Scope, Send

_METRICS_PATH = "/metrics"

_UNKNOWN_PATH = "/nowhere"


class MetricsPortMiddleware:
    """The outermost middleware: a path that only the other port serves does not exist on this one."""

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

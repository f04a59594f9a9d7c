"""Routes WebSockets to their endpoints."""

from collections.abc import Awaitable
from typing import NamedTuple

from service.websocket.asgi import Application, Receive, Scope, Send

PUBLISH_PREFIX = "/ws/publish/"
"""Of the paths of producers."""


class WebSocketRoutes(NamedTuple):
    """The endpoints of sockets."""

    readers: Application
    """Of all other paths too."""
    producers: Application
    """Of paths that begin with ``PUBLISH_PREFIX``."""


class WebSocketRouter:
    """Middleware that routes WebSockets to the endpoint, past the middleware for HTTP.

    Each layer between a connection and its application costs memory while the connection lives.
    """

    def __init__(self, app: Application, routes: WebSocketRoutes) -> None:
        self._app = app
        self._routes = routes

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Not a coroutine function, which would be such a layer."""
        if scope["type"] != "websocket":
            return self._app(scope, receive, send)
        publishes = scope["path"].startswith(PUBLISH_PREFIX)
        return (self._routes.producers if publishes else self._routes.readers)(scope, receive, send)

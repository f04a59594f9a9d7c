"""A receiver of Alertmanager's webhooks."""

import json
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from msgspec import Struct

from tests.waiting import LIMIT_SECONDS


class Notice(Struct, frozen=True):
    """One alert in one notification."""

    receiver: str
    """The path of the request, without the slash."""
    status: str
    """``firing`` or ``resolved``."""
    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: str

    @property
    def name(self) -> str:
        return self.labels["alertname"]


class WebhookReceiver:
    """Receives notifications on a free port, in threads of this process."""

    def __init__(self) -> None:
        self._notices: list[Notice] = []
        self._news = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def notices(self) -> list[Notice]:
        """All notices received so far, the oldest first."""
        with self._news:
            return list(self._notices)

    def wait_for(self, wanted: Callable[[Notice], bool], what: str, seconds: float = LIMIT_SECONDS) -> Notice:
        """Return the first matching notice; fail after ``seconds``."""

        def found() -> Notice | None:
            return next((notice for notice in self._notices if wanted(notice)), None)

        with self._news:
            notice = self._news.wait_for(found, seconds)
            came = [(one.name, one.status) for one in self._notices]
        assert notice is not None, f"{what}: not within {seconds} s; received: {came}"
        return notice

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _receive(self, path: str, notification: dict[str, Any]) -> None:
        with self._news:
            self._notices += [
                Notice(path.strip("/"), one["status"], one["labels"], one["annotations"], one["startsAt"])
                for one in notification["alerts"]
            ]
            self._news.notify_all()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receive = self._receive

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                receive(self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(HTTPStatus.OK)
                self.send_header("Content-Length", "0")
                self.send_header("Connection", "close")  # a kept connection would occupy a thread
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
                """Print nothing."""

        return Handler

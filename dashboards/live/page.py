"""One page over the stack: where everything is, what fires now, who was told, and the dashboards' previews."""

import json
from collections import deque
from collections.abc import Iterator
from functools import partial
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Final, Self

import httpx
from msgspec import Struct

from dashboards.catalogue import MADE
from dashboards.live.server import FailedServer
from dashboards.live.stack import Stack
from dashboards.rules import Severity

_HEARTBEAT: Final = "/heartbeat"
_RECEIVERS: Final = ("/page", "/ticket", _HEARTBEAT)
_REMEMBERED: Final = 12
_STYLE: Final = """
body { background: #111217; color: #d5d6dd; font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 1200px }
a { color: #8ab8ff } img { width: 100%; margin-bottom: 2rem } td, th { padding: .2rem 1.2rem .2rem 0; text-align: left }
.critical { color: #f2495c } .warning { color: #ff9830 } .info { color: #8ab8ff } small { color: #8e919c }
"""


class Notice(Struct, frozen=True):
    """One alert in a notification."""

    receiver: str
    name: str
    status: str
    severity: str
    summary: str


class Page:
    """Served on the loopback address from the constructor until the end of ``with``; Alertmanager's webhook, too.

    Raises ``FailedServer`` if the port is taken.
    """

    def __init__(self, port: int) -> None:
        self.notices: deque[Notice] = deque(maxlen=_REMEMBERED)
        self.pictures: Path | None = None
        self.stack: Stack | None = None
        try:
            self._server = ThreadingHTTPServer(("127.0.0.1", port), partial(_Handler, self))
        except OSError as error:
            raise FailedServer(f"The page cannot be served on port {port}: {error.strerror}.") from error
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1})
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def html(self) -> str:
        return "".join(self._html())

    def _html(self) -> Iterator[str]:
        yield f'<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="10"><style>{_STYLE}</style>'
        yield "<title>Streaming Content API, observed</title><h1>Streaming Content API, observed</h1>"
        if self.stack is None or self.pictures is None:
            yield "<p>It starts.</p>"
            return
        yield "<p>A demo load runs on this machine. The page renews itself every 10 seconds.</p><ul>"
        service, prometheus, manager = self.stack.service.url, self.stack.prometheus.url, self.stack.alertmanager.url
        for address, text in (
            (f"{service}/docs", "The service: its HTTP reference"),
            (f"{service}/metrics", "The service: its metrics"),
            (f"{prometheus}/classic/graph", "Prometheus: ask it"),  # where Debian's has its pages
            (f"{prometheus}/classic/alerts", "Prometheus: all alerts, and which are pending"),
            (f"{manager}/api/v2/alerts", "Alertmanager: what it holds, as JSON; Debian's has no pages"),
        ):
            yield f'<li><a href="{address}">{text}</a>'
        yield "</ul><h2>What fires now</h2>"
        yield _table(firing(manager), "Nothing.")
        yield "<h2>Who was told</h2>"
        yield _table(list(self.notices), "Nobody yet.")
        yield "<h2>Dashboards</h2><p><small>Previews drawn from the queries of the dashboards: not Grafana.</small>"
        for name in MADE:
            picture = self.pictures / f"{name}.png"
            if picture.exists():
                drawn = picture.stat().st_mtime_ns
                yield f'<p><img src="/{picture.name}?{drawn}" alt="Preview of the dashboard {name}">'
            else:
                yield f"<p>{name} is being drawn."


def firing(alertmanager: str) -> list[Notice]:
    """What Alertmanager knows to fire, but for the watchdog; nothing while it cannot be asked."""
    try:
        alerts = httpx.get(f"{alertmanager}/api/v2/alerts", trust_env=False).raise_for_status().json()
    except httpx.HTTPError:
        return []
    return [
        _notice(alert, "", f"since {alert['startsAt'][11:19]} UTC, {alert['status']['state']}")
        for alert in alerts
        if alert["labels"]["severity"] != Severity.NONE
    ]


def _notice(alert: dict[str, Any], receiver: str, status: str) -> Notice:
    labels = alert["labels"]
    return Notice(receiver, labels["alertname"], status, labels["severity"], alert["annotations"]["summary"])


def _table(notices: list[Notice], nothing: str) -> str:
    if not notices:
        return f"<p>{nothing}"
    rows = (
        f"<tr><td class={escape(one.severity)}>{escape(one.name)}<td>{escape(one.severity)}<td>{escape(one.status)}"
        f"<td>{escape(one.receiver)}<td>{escape(one.summary)}"
        for one in notices
    )
    return f"<table>{''.join(rows)}</table>"


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, page: Page, *arguments: Any) -> None:  # noqa: ANN401 - its base's
        self._page = page
        super().__init__(*arguments)

    def do_GET(self) -> None:
        name = self.path.partition("?")[0].removeprefix("/")
        if not name:
            self._answer(self._page.html().encode(), "text/html; charset=utf-8")
        elif name in {f"{made}.png" for made in MADE} and self._page.pictures is not None:
            try:
                self._answer((self._page.pictures / name).read_bytes(), "image/png")
            except FileNotFoundError:
                self.send_error(HTTPStatus.NOT_FOUND)
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        """A notification of Alertmanager."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path not in _RECEIVERS:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        told = json.loads(body)
        if self.path != _HEARTBEAT:
            for alert in told["alerts"]:
                self._page.notices.appendleft(_notice(alert, told["receiver"], alert["status"]))
        self._answer(b"", "text/plain")

    def _answer(self, body: bytes, content_type: str) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its base's name
        """Print nothing."""

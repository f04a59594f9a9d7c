"""A page over the stack: links, firing alerts, notifications, and previews of the dashboards."""

import json
from collections import deque
from collections.abc import Iterable, Iterator
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Final

import httpx

from benchmarks.processes import Failed
from dashboards.catalogue import BOARDS
from dashboards.rules import Severity
from tools.observe.stack import Stack

_RECEIVERS: Final = ("/page", "/ticket", "/heartbeat")
_NOTICES: Final = 12
_LINKS: Final = (
    ("service", "/docs", "Service: HTTP reference"),
    ("service", "/metrics", "Service: metrics"),
    ("alertmanager", "/api/v2/alerts", "Alertmanager: alerts as JSON (Debian packages it without its web interface)"),
    ("prometheus", "/classic/graph", "Prometheus: queries"),
    ("prometheus", "/classic/alerts", "Prometheus: all alerts, with those that are pending"),
)
"""Server, path and text. The paths of Prometheus are those of the Debian package."""
_STYLE: Final = """
body { background: #111217; color: #d5d6dd; font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 1200px }
a { color: #8ab8ff } img { width: 100%; margin-bottom: 2rem } td { padding: .2rem 1.2rem .2rem 0 }
.critical { color: #f2495c } .warning { color: #ff9830 } .info { color: #8ab8ff } small { color: #8e919c }
"""


Row = tuple[str, str, str, str, str]


def _row(alert: dict[str, Any], receiver: str, status: str) -> Row:
    labels = alert["labels"]
    return labels["alertname"], labels["severity"], status, receiver, alert["annotations"]["summary"]


class Page(ThreadingHTTPServer):
    """Serves the page and the webhook of Alertmanager on the loopback address, from construction until ``close``.

    ``folder`` is where the previews are. Raises ``Failed`` if the port is in use.
    """

    daemon_threads = True

    def __init__(self, port: int, folder: Path) -> None:
        self.stack: Stack | None = None
        self.folder = folder
        self.notices: deque[Row] = deque(maxlen=_NOTICES)
        try:
            super().__init__(("127.0.0.1", port), _Handler)
        except OSError as error:
            raise Failed(f"The page cannot be served on port {port}: {error.strerror}.") from error
        self._thread = Thread(target=self.serve_forever, kwargs={"poll_interval": 0.1})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self.server_port}"

    def close(self) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join()

    def html(self) -> Iterator[str]:
        servers = self.stack.servers if self.stack else {}
        pictures = {name: self.folder / f"{name}.png" for name in BOARDS}
        drawn = {name: path.stat().st_mtime_ns for name, path in pictures.items() if path.exists()}
        seconds = 10 if drawn.keys() == pictures.keys() else 2
        yield f'<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="{seconds}">'
        yield f"<title>Streaming Content API: demo</title><style>{_STYLE}</style>"
        yield "<h1>Streaming Content API: demo</h1><p>The service runs on this machine under a demo load."
        yield f" This page reloads every {seconds} seconds."
        yield "<ul>"
        for server, path, text in _LINKS:
            name = f'<a href="{servers[server].url}{path}">{text}</a>' if server in servers else f"{text}: starting"
            yield f"<li>{name}"
        yield "</ul><h2>Firing alerts</h2>"
        yield _table(_firing(servers["alertmanager"].url) if "alertmanager" in servers else [])
        yield "<h2>Notifications</h2>"
        yield _table(self.notices)
        yield "<h2>Dashboards</h2><p><small>Previews drawn from the queries of the dashboards, not Grafana.</small>"
        for name in BOARDS:
            if name in drawn:
                yield f'<p><img src="/{name}.png?{drawn[name]}" alt="Preview of the dashboard {name}">'
            else:
                yield f"<p>{name}: drawn after the first scrapes, in a few seconds"


def _firing(alertmanager: str) -> list[Row]:
    """The alerts in Alertmanager without the watchdog; none if it does not answer."""
    try:
        alerts = httpx.get(f"{alertmanager}/api/v2/alerts", trust_env=False).raise_for_status().json()
    except httpx.HTTPError:
        return []
    return [
        _row(alert, "", f"since {alert['startsAt'][11:19]} UTC, {alert['status']['state']}")
        for alert in alerts
        if alert["labels"]["severity"] != Severity.NONE
    ]


def _table(notices: Iterable[Row]) -> str:
    rows = [f"<tr><td class={escape(row[1])}>{'<td>'.join(map(escape, row))}" for row in notices]
    return f"<table>{''.join(rows)}</table>" if rows else "<p>None."


class _Handler(BaseHTTPRequestHandler):
    server: Page

    def do_GET(self) -> None:
        name = self.path.partition("?")[0].removeprefix("/")
        picture = self.server.folder / name
        if not name:
            self._respond("".join(self.server.html()).encode(), "text/html; charset=utf-8")
        elif name in {f"{board}.png" for board in BOARDS} and picture.exists():
            self._respond(picture.read_bytes(), "image/png")
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        """Take a notification of Alertmanager."""
        if self.path not in _RECEIVERS:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        notification = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path != "/heartbeat":
            for alert in notification["alerts"]:
                self.server.notices.appendleft(_row(alert, notification["receiver"], alert["status"]))
        self._respond(b"", "text/plain")

    def _respond(self, body: bytes, content_type: str) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
        """Print nothing."""

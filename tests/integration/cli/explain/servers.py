"""Small servers that answer as Loki, Tempo and Alertmanager document it."""

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct

Answer = Callable[[str, Mapping[str, str]], object]
"""From a path and its parameters to what is returned: text as it is, other values as JSON; ``None``: 404."""


class Asked(Struct):
    """One request."""

    path: str
    parameters: Mapping[str, str]
    headers: Mapping[str, str]


class FakeServer:
    """Serves GET on a free port of the loopback address; ``asked`` has the requests."""

    def __init__(self, answer: Answer) -> None:
        self.asked: list[Asked] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler(answer))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self, answer: Answer) -> type[BaseHTTPRequestHandler]:
        asked = self.asked

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                parameters = {name: values[0] for name, values in parse_qs(parts.query).items()}
                asked.append(Asked(parts.path, parameters, dict(self.headers.items())))
                found = answer(parts.path, parameters)
                body = (found if isinstance(found, str) else json.dumps(found)).encode()
                self.send_response(HTTPStatus.NOT_FOUND if found is None else HTTPStatus.OK)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
                """Print nothing."""

        return Handler


@contextmanager
def serving(answer: Answer) -> Iterator[FakeServer]:
    server = FakeServer(answer)
    try:
        yield server
    finally:
        server.stop()


def loki(entries: Iterable[tuple[Mapping[str, str], float, str]]) -> Answer:
    """Lines by their labels and times. A line filter is applied, other stages of a query are not."""
    kept = list(entries)

    def answer(path: str, parameters: Mapping[str, str]) -> object:
        if path != "/loki/api/v1/query_range":
            return None
        begin, end = int(parameters["start"]), int(parameters["end"])
        _, contains, text = parameters["query"].partition('|= "')
        wanted = text.partition('"')[0] if contains else ""
        result = [
            {"stream": labels, "values": [[str(int(at * 1e9)), line]]}
            for labels, at, line in kept
            if begin <= at * 1e9 < end and wanted in line
        ]
        return {"status": "success", "data": {"resultType": "streams", "result": result, "stats": {}}}

    return answer


def tempo(traces: Mapping[str, object], found: Mapping[str, list[str]]) -> Answer:
    """Traces by their ids, and the ids that a search for a text finds."""

    def answer(path: str, parameters: Mapping[str, str]) -> object:
        if path == "/api/search":
            ids = next((ids for text, ids in found.items() if f'"{text}"' in parameters["q"]), [])
            return {"traces": [{"traceID": one.lstrip("0"), "durationMs": 5} for one in ids], "metrics": {}}
        prefix, _, trace_id = path.rpartition("/")
        return {"trace": traces[trace_id]} if prefix == "/api/v2/traces" and trace_id in traces else None

    return answer


def alertmanager(*alerts: Mapping[str, Any]) -> Answer:
    def answer(path: str, _parameters: Mapping[str, str]) -> object:
        return [*alerts] if path == "/api/v2/alerts" else None

    return answer

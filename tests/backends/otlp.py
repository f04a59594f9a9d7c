"""An OTLP receiver over HTTP, in place of a collector."""

import gzip
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeVar

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.backends.otlp_items import LogRecord, MetricsExport, Span, lines_of, metrics_of, spans_of
from tests.waiting import LIMIT_SECONDS

Item = TypeVar("Item")


class OtlpReceiver:
    """Serves ``POST /v1/traces``, ``/v1/logs`` and ``/v1/metrics`` on a free port, in threads of this process."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        """The request bodies: protobuf."""
        self._spans: list[Span] = []
        self._lines: list[LogRecord] = []
        self._metrics: list[MetricsExport] = []
        self._news = threading.Condition()
        self._connections: set[socket.socket] = set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    @property
    def endpoint(self) -> str:
        """For ``OTEL_EXPORTER_OTLP_ENDPOINT``."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def spans(self) -> list[Span]:
        """All spans received so far."""
        with self._news:
            return list(self._spans)

    @property
    def lines(self) -> list[LogRecord]:
        """All log records received so far."""
        with self._news:
            return list(self._lines)

    @property
    def metrics(self) -> list[MetricsExport]:
        """All exports of metrics received so far."""
        with self._news:
            return list(self._metrics)

    def wait_for(self, wanted: Callable[[Span], bool], count: int = 1, seconds: float = LIMIT_SECONDS) -> list[Span]:
        """Return the matching spans when there are at least ``count``; fail after ``seconds``."""
        return self._wait_for(self._spans, wanted, count, seconds)

    def wait_for_lines(self, wanted: Callable[[LogRecord], bool], count: int = 1) -> list[LogRecord]:
        """Return the matching log records when there are at least ``count``."""
        return self._wait_for(self._lines, wanted, count)

    def wait_for_metrics(self, wanted: Callable[[MetricsExport], bool], count: int = 1) -> list[MetricsExport]:
        """Return the matching exports of metrics when there are at least ``count``."""
        return self._wait_for(self._metrics, wanted, count)

    def stop(self) -> None:
        """Accept no connection, and end those that are kept alive, as a collector that has died."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        for connection in list(self._connections):
            with suppress(OSError):  # the client has ended it
                connection.shutdown(socket.SHUT_RDWR)

    def _wait_for(
        self, items: list[Item], wanted: Callable[[Item], bool], count: int, seconds: float = LIMIT_SECONDS
    ) -> list[Item]:
        def found() -> list[Item]:
            return [item for item in items if wanted(item)]

        with self._news:
            came = self._news.wait_for(lambda: len(found()) >= count, seconds)
            names = [getattr(item, "name", "") or getattr(item, "event", "") for item in items]
            assert came, f"{len(found())} of {count} within {seconds} s; received: {names}"
            return found()

    def _receive(self, path: str, body: bytes) -> bool:
        """Whether the path is that of a signal."""
        with self._news:
            match path:
                case "/v1/traces":
                    received = {span.span_id for span in self._spans}  # a batch is repeated if its answer was late
                    spans = spans_of(ExportTraceServiceRequest.FromString(body))
                    self._spans += [span for span in spans if span.span_id not in received]
                case "/v1/logs":
                    self._lines += lines_of(ExportLogsServiceRequest.FromString(body))
                case "/v1/metrics":
                    self._metrics += metrics_of(ExportMetricsServiceRequest.FromString(body))
                case _:
                    return False
            self.received.append(body)
            self._news.notify_all()
            return True

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receive, connections = self._receive, self._connections

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                connections.add(self.connection)

            def finish(self) -> None:
                connections.discard(self.connection)
                super().finish()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers["Content-Encoding"] == "gzip":
                    body = gzip.decompress(body)
                if self.headers["Content-Type"] != "application/x-protobuf" or not receive(self.path, body):
                    self.send_error(HTTPStatus.NOT_FOUND)
                    return
                self.send_response(HTTPStatus.OK)  # the response of each signal is empty if nothing was refused
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
                """Print nothing."""

        return Handler

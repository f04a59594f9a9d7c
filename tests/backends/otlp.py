"""An OTLP receiver over HTTP, in place of a collector."""

import gzip
import threading
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from msgspec import Struct
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1 import trace_pb2

from tests.waiting import LIMIT_SECONDS

Attributes = dict[str, Any]


class SpanEvent(Struct, frozen=True):
    name: str
    at_ns: int
    attributes: Attributes


class Link(Struct, frozen=True):
    trace_id: str
    span_id: str
    attributes: Attributes


class Span(Struct, frozen=True):
    """A received span. Ids are in hex (``parent_span_id`` of a root is empty), times in nanoseconds since the epoch."""

    name: str
    trace_id: str
    span_id: str
    parent_span_id: str
    kind: str
    """``INTERNAL``, ``SERVER``, …"""
    start_ns: int
    end_ns: int
    attributes: Attributes
    events: list[SpanEvent]
    links: list[Link]
    status: str
    """``UNSET``, ``OK`` or ``ERROR``."""
    status_message: str
    trace_state: str
    scope: str
    """The name of the instrumentation."""
    resource: Attributes


class OtlpReceiver:
    """Serves ``POST /v1/traces`` on a free port, in threads of this process."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        """The request bodies: protobuf."""
        self._spans: list[Span] = []
        self._news = threading.Condition()
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

    def wait_for(self, wanted: Callable[[Span], bool], count: int = 1, seconds: float = LIMIT_SECONDS) -> list[Span]:
        """Return the matching spans when there are at least ``count``; fail after ``seconds``."""

        def found() -> list[Span]:
            return [span for span in self._spans if wanted(span)]

        with self._news:
            came = self._news.wait_for(lambda: len(found()) >= count, seconds)
            names = [span.name for span in self._spans]
            assert came, f"{len(found())} of {count} spans within {seconds} s; received: {names}"
            return found()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _receive(self, body: bytes) -> None:
        spans = list(_spans(ExportTraceServiceRequest.FromString(body)))
        with self._news:
            self.received.append(body)
            self._spans += spans
            self._news.notify_all()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receive = self._receive

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers["Content-Encoding"] == "gzip":
                    body = gzip.decompress(body)
                if (self.path, self.headers["Content-Type"]) != ("/v1/traces", "application/x-protobuf"):
                    self.send_error(HTTPStatus.NOT_FOUND)
                    return
                receive(body)
                answer = ExportTraceServiceResponse().SerializeToString()
                self.send_response(HTTPStatus.OK)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
                """Print nothing."""

        return Handler


def _spans(request: ExportTraceServiceRequest) -> Iterator[Span]:
    for of_resource in request.resource_spans:
        resource = _attributes(of_resource.resource.attributes)
        for of_scope in of_resource.scope_spans:
            for span in of_scope.spans:
                yield _span(span, of_scope.scope.name, resource)


def _span(span: trace_pb2.Span, scope: str, resource: Attributes) -> Span:
    return Span(
        name=span.name,
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_span_id=span.parent_span_id.hex(),
        kind=trace_pb2.Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
        start_ns=span.start_time_unix_nano,
        end_ns=span.end_time_unix_nano,
        attributes=_attributes(span.attributes),
        events=[SpanEvent(event.name, event.time_unix_nano, _attributes(event.attributes)) for event in span.events],
        links=[Link(link.trace_id.hex(), link.span_id.hex(), _attributes(link.attributes)) for link in span.links],
        status=trace_pb2.Status.StatusCode.Name(span.status.code).removeprefix("STATUS_CODE_"),
        status_message=span.status.message,
        trace_state=span.trace_state,
        scope=scope,
        resource=resource,
    )


def _attributes(pairs: Iterable[KeyValue]) -> Attributes:
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: AnyValue) -> Any:  # noqa: ANN401 - an attribute is a scalar or a list of scalars
    match value.WhichOneof("value"):
        case None:
            return None
        case "array_value":
            return [_value(one) for one in value.array_value.values]
        case "kvlist_value":
            return _attributes(value.kvlist_value.values)
        case kind:
            return getattr(value, kind)

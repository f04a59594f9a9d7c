"""Spans of the HTTP routes, from the instrumentation of OpenTelemetry, reduced to the declared attributes.

Without the reduction they contain text from clients: the query with its token, unknown paths, headers, the texts of
exceptions.
"""

import logging
import os

from fastapi import FastAPI
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.propagate import set_global_textmap
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.trace import Status, TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from observability.registry.spans import HTTP, HTTP_METHOD

_UNTRACED = "/(metrics|health|ready)$,/ws/stream/"
"""The first are polled by machines; WebSockets have the spans of ``TraceSink``."""


def trace_routes(app: FastAPI, provider: TracerProvider) -> None:
    """Create a span for each request to a route of ``app``."""
    # The instrumentation uses the global propagator, which would accept baggage too. Unparsable baggage or tracestate
    # would be logged with the text of the client.
    set_global_textmap(TraceContextTextMapPropagator())
    logging.getLogger("opentelemetry.trace.span").setLevel(logging.ERROR)
    os.environ["OTEL_SEMCONV_STABILITY_OPT_IN"] = "http"  # otherwise it uses names that were deprecated in 2023
    FastAPIInstrumentor.instrument_app(
        app,
        tracer_provider=provider,
        meter_provider=NoOpMeterProvider(),
        excluded_urls=_UNTRACED,
        exclude_spans=["receive", "send"],
    )


class DeclaredAttributes(SpanProcessor):
    """Passes spans on with the attributes that ``HTTP`` declares and without any other free text."""

    def __init__(self, processor: SpanProcessor) -> None:
        self._processor = processor

    def on_end(self, span: ReadableSpan) -> None:
        attributes = span.attributes or {}
        if HTTP_METHOD.name not in attributes:
            return  # a handshake at an unknown path: the instrumentation treats every handshake as a request
        self._processor.on_end(
            ReadableSpan(
                name=span.name,
                context=span.context,
                parent=span.parent,
                resource=span.resource,
                attributes={
                    attribute.name: attributes[attribute.name]
                    for attribute in HTTP.attributes
                    if attribute.name in attributes
                },
                kind=span.kind,
                status=Status(span.status.status_code),
                start_time=span.start_time,
                end_time=span.end_time,
                instrumentation_scope=span.instrumentation_scope,
            )
        )

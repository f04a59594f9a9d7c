"""Spans of the HTTP routes, by OpenTelemetry's own instrumentation, and no more in them than is declared.

By itself it tells a client's words: the query with its token, the path that leads nowhere, headers, what an exception
says.
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
"""Machines ask the first all the time; of sockets there are spans of our own."""


def trace_routes(app: FastAPI, provider: TracerProvider) -> None:
    """Have a span made of each request to a route of ``app``."""
    # The instrumentation asks the global propagator, which would take baggage too; what cannot be parsed of it, or of
    # a tracestate, would stand in the log in the client's words.
    set_global_textmap(TraceContextTextMapPropagator())
    logging.getLogger("opentelemetry.trace.span").setLevel(logging.ERROR)
    os.environ["OTEL_SEMCONV_STABILITY_OPT_IN"] = "http"  # or it speaks of things by names that were given up in 2023
    FastAPIInstrumentor.instrument_app(
        app,
        tracer_provider=provider,
        meter_provider=NoOpMeterProvider(),
        excluded_urls=_UNTRACED,
        exclude_spans=["receive", "send"],
    )


class DeclaredOnly(SpanProcessor):
    """Hands spans on with the attributes that ``HTTP`` declares, and nothing else that is free text."""

    def __init__(self, processor: SpanProcessor) -> None:
        self._processor = processor

    def on_end(self, span: ReadableSpan) -> None:
        told = span.attributes or {}
        if HTTP_METHOD.name not in told:
            return  # of a socket at a path that leads nowhere: the instrumentation takes every handshake for a request
        self._processor.on_end(
            ReadableSpan(
                name=span.name,
                context=span.context,
                parent=span.parent,
                resource=span.resource,
                attributes={one.name: told[one.name] for one in HTTP.attributes if one.name in told},
                kind=span.kind,
                status=Status(span.status.status_code),
                start_time=span.start_time,
                end_time=span.end_time,
                instrumentation_scope=span.instrumentation_scope,
            )
        )

"""One trace id identifies the trace, the log lines, the exemplars and the error of a stream."""

from secrets import token_hex

from tests.backends.fixtures import StartPrometheus
from tests.backends.kent import Kent
from tests.backends.otlp import OtlpReceiver
from tests.backends.otlp_items import Span
from tests.clients.direct import joined, request
from tests.conftest import StartServer
from tests.integration.observability.breaking import BREAK

MARKDOWN = "# One\n\nTwo, *three*: a paragraph of a document.\n\n- four\n- five\n"


async def test_a_trace_id_identifies_all_telemetry_of_a_stream(
    start_breaking_server: StartServer,
    otlp: OtlpReceiver,
    kent: Kent,
    start_prometheus: StartPrometheus,
    session_id: str,
) -> None:
    server = start_breaking_server(
        OTEL_EXPORTER_OTLP_ENDPOINT=otlp.endpoint, SENTRY_DSN=kent.dsn, METRICS_TOKEN="a-token-for-scrapers"
    )
    prometheus = start_prometheus(f"127.0.0.1:{server.address[1]}", token="a-token-for-scrapers")
    trace_id, editors_span_id = token_hex(16), token_hex(8)
    broken_trace_id = token_hex(16)

    async with joined(server, session_id) as client:
        context = {"traceparent": f"00-{trace_id}-{editors_span_id}-01", "tracestate": "editor=1"}
        await request(client, MARKDOWN, content_type="markdown", trace=context)
        start, *_, complete = await client.receive_until("stream_complete")
        broken_context = {"traceparent": f"00-{broken_trace_id}-{editors_span_id}-01"}
        await request(client, f"{BREAK}please", trace=broken_context)
        error = (await client.receive_until("error"))[-1]

    # the client
    assert start["trace_id"] == trace_id
    stream_id = start["stream_id"]

    # the trace
    [stream] = otlp.wait_for(lambda span: (span.name, span.trace_id) == ("stream", trace_id))
    assert (stream.parent_span_id, stream.trace_state) == (editors_span_id, "editor=1")
    assert (stream.attributes["session.id"], stream.attributes["stream.id"]) == (session_id, stream_id)
    assert (stream.attributes["stream.outcome"], stream.attributes["stream.content_type"]) == ("completed", "markdown")
    assert stream.attributes["stream.chunks_sent"] == complete["total_chunks"]
    [link] = stream.links
    [connect] = otlp.wait_for(lambda span: span.name == "ws.connect")
    assert (link.trace_id, link.span_id) == (connect.trace_id, connect.span_id)
    assert connect.trace_id != trace_id
    stages = children(otlp, stream)
    assert [stage.name for stage in stages if stage.kind == "INTERNAL" and stage.name != "content_wait"] == [
        "validate",
        "rate_limit",
        "convert",
        "sanitise",
        "analyse",
        "chunk",
        "store",
        "deliver",
    ]
    for stage in stages:
        assert stream.start_ns <= stage.start_ns <= stage.end_ns <= stream.end_ns

    # the log
    server.logged("stream_completed", trace_id=trace_id)
    lines = [line["event"] for line in server.log if line.get("trace_id") == trace_id]
    assert lines == ["stream_requested", "content_analysed", "stream_completed"]

    # the metrics
    prometheus.wait_for('stream_requests_total{outcome="completed"} == 1')
    for histogram in (
        "stream_processing_duration_seconds_bucket",
        "stream_time_to_first_chunk_seconds_bucket",
        "stream_duration_seconds_bucket",
    ):
        labels = [exemplar["labels"] for exemplar in prometheus.exemplars(histogram)]
        assert labels == [{"trace_id": trace_id, "span_id": stream.span_id}]

    # the fault: the message to the client, the trace, the log and the event
    [event] = kent.wait_for(bool)
    fault = server.logged("fault_raised")
    [broken] = otlp.wait_for(lambda span: span.trace_id == broken_trace_id and span.name == "stream")
    assert fault["trace_id"] == event["contexts"]["trace"]["trace_id"] == broken_trace_id
    assert fault["error_id"] in error["message"]
    assert event["tags"]["error_id"] == fault["error_id"]
    assert event["contexts"]["trace"]["span_id"] == broken.span_id
    assert broken.status == "ERROR"


def children(otlp: OtlpReceiver, parent: Span) -> list[Span]:
    """The stages of a stream, by their start."""
    return sorted(
        (
            span
            for span in otlp.spans
            if (span.trace_id, span.parent_span_id) == (parent.trace_id, parent.span_id) and span.kind == "INTERNAL"
        ),
        key=lambda span: span.start_ns,
    )

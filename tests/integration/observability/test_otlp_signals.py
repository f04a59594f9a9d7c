"""Metrics and log lines at a collector: the same as in a scrape and on standard output, from each process."""

import asyncio
from itertools import pairwise

from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from tests.backends.dead import refusing
from tests.backends.kent import Kent
from tests.backends.otlp import OtlpReceiver
from tests.backends.otlp_items import Series, scraped_series, series_of
from tests.clients.direct import DOCUMENT, get, joined, metric, request, stream
from tests.conftest import RunningServer, StartServer
from tests.integration.observability.breaking import BREAK
from tests.waiting import LIMIT_SECONDS, eventually

SOON = {"OTEL_METRIC_EXPORT_INTERVAL": 100, "OTEL_BLRP_SCHEDULE_DELAY": 50, "OTEL_BSP_SCHEDULE_DELAY": 50}
OF_THE_MOMENT = (
    "process_",
    "python_gc_",
    "stream_memory_",
    "stream_store_",
    "stream_event_loop_lag_",
    "stream_http_",
    "stream_pending_sockets",
)
"""Metrics that change between a scrape and an export, the first because of the scrape."""
SEVERITIES = {"DEBUG": "DEBUG", "INFO": "INFO", "WARNING": "WARN", "ERROR": "ERROR"}


def steady(series: dict[Series, float]) -> dict[Series, float]:
    return {key: value for key, value in series.items() if not key[0].startswith(OF_THE_MOMENT)}


async def scrape(server: RunningServer) -> list[Sample]:
    answer = await get(server, "/metrics", accept="application/openmetrics-text; version=1.0.0")
    return [
        sample
        for family in text_string_to_metric_families(answer.text)  # type: ignore[no-untyped-call]
        for sample in family.samples
    ]


async def test_a_collector_receives_the_metrics_of_a_scrape(
    start_breaking_server: StartServer, otlp: OtlpReceiver, session_id: str
) -> None:
    server = start_breaking_server(OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=f"{otlp.endpoint}/v1/metrics", **SOON)
    async with joined(server, session_id) as client:
        await stream(client, DOCUMENT)
        await stream(client, "# A document\n\nIn *Markdown*.", content_type="markdown")
        await request(client, BREAK)
        await client.receive_until("error")
    await asyncio.to_thread(server.logged, "connection_closed")
    async with asyncio.timeout(LIMIT_SECONDS):
        while True:  # acknowledgements and stalls are counted until the service is at rest
            samples = await scrape(server)
            scraped = steady(series_of(samples))
            known = len(otlp.metrics)
            exports = (await asyncio.to_thread(otlp.wait_for_metrics, bool, known + 3))[known:]
            exported = [steady(scraped_series(export.points)) for export in exports]
            if scraped == exported[-2] == exported[-1]:
                break
    assert scraped["stream_requests_total", frozenset({("content_type", "text"), ("outcome", "completed")})] == 1
    first, second = exports[-2:]
    for before, after in zip(first.points, second.points, strict=True):
        assert before.start_ns == after.start_ns
        assert before.at_ns < after.at_ns
    exemplars = {(one.trace_id, one.span_id, one.value) for point in first.points for one in point.exemplars}
    assert exemplars == {
        (one.labels["trace_id"], one.labels["span_id"], one.value) for sample in samples if (one := sample.exemplar)
    }
    assert exemplars
    [target] = [sample for sample in samples if sample.name == "target_info"]
    assert target.labels["service_instance_id"] == first.resource["service.instance.id"]
    assert (otlp.spans, otlp.lines) == ([], [])


async def test_the_last_values_are_exported_at_shutdown(
    start_server: StartServer, otlp: OtlpReceiver, session_id: str
) -> None:
    server = start_server(OTEL_EXPORTER_OTLP_ENDPOINT=otlp.endpoint)
    async with joined(server, session_id) as client:
        await stream(client, DOCUMENT)
    assert server.stop() == 0
    [export] = otlp.metrics
    values = scraped_series(export.points)
    assert values["stream_connection_closes_total", frozenset({("reason", "client")})] == 1
    assert "drain_ended" in {line.event for line in otlp.lines}


async def test_a_collector_receives_every_line_of_the_log(
    start_breaking_server: StartServer, otlp: OtlpReceiver, session_id: str
) -> None:
    server = start_breaking_server(
        OTEL_EXPORTER_OTLP_LOGS_ENDPOINT=f"{otlp.endpoint}/v1/logs", LOG_LEVEL="DEBUG", **SOON
    )
    async with joined(server, session_id) as client:
        await stream(client, f"<p>{DOCUMENT}</p><script>a()</script>", content_type="html")
        await request(client, BREAK)
        await client.receive_until("error")
    server.stop()
    assert len(otlp.lines) == len(server.log)
    for record, line in zip(otlp.lines, server.log, strict=True):
        identity = (record.event, record.level, record.body, record.trace_id, record.span_id)
        assert identity == (
            line["event"],
            line["level"],
            line["message"],
            line.get("trace_id", ""),
            line.get("span_id", ""),
        )
        assert record.severity == SEVERITIES[line["level"]]
        assert record.resource["service.instance.id"] == line["instance"]
        rest = line.keys() - {"event", "level", "message", "trace_id", "span_id", "ts", "instance"}
        if "exception" in rest:  # a long one is shortened for standard output
            rest.remove("exception")
            assert record.attributes.pop("exception").endswith(line["exception"][-200:])
        assert record.attributes == {name: line[name] for name in rest}
    assert all(before.at_ns <= after.at_ns for before, after in pairwise(otlp.lines))
    assert {line["event"] for line in server.log} >= {"content_analysed", "fault_raised", "service_started"}


async def test_lines_about_the_export_of_lines_are_not_exported(
    start_breaking_server: StartServer, session_id: str
) -> None:
    """Each failed export would cause another one."""
    with refusing() as address:
        server = start_breaking_server(
            OTEL_EXPORTER_OTLP_LOGS_ENDPOINT=f"http://{address}/v1/logs", OTEL_EXPORTER_OTLP_TIMEOUT="0.1", **SOON
        )
        async with joined(server, session_id) as client:
            await stream(client, DOCUMENT)
        reported = await asyncio.to_thread(
            server.logged, "library_message", logger="opentelemetry.exporter.otlp.proto.http._log_exporter"
        )
        assert reported["level"] in {"WARNING", "ERROR"}

        async def every_other_line_is_lost() -> bool:
            others = [line for line in server.log if not line.get("logger", "").endswith("_log_exporter")]
            return await metric(server, 'stream_telemetry_dropped_total{signal="otlp_logs"}') == len(others)

        await eventually(every_other_line_is_lost)


async def test_failed_exports_of_metrics_are_counted_and_the_next_one_has_all(
    start_breaking_server: StartServer, session_id: str
) -> None:
    with refusing() as address:
        server = start_breaking_server(
            OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=f"http://{address}/v1/metrics", OTEL_EXPORTER_OTLP_TIMEOUT="0.1", **SOON
        )

        async def exports_are_lost() -> bool:
            return await metric(server, 'stream_telemetry_dropped_total{signal="metrics"}') >= 2

        await eventually(exports_are_lost)
        async with joined(server, session_id) as client:
            assert await stream(client, DOCUMENT) == DOCUMENT


async def test_one_id_names_the_process_in_all_telemetry(
    start_breaking_server: StartServer, otlp: OtlpReceiver, kent: Kent, session_id: str
) -> None:
    server = start_breaking_server(OTEL_EXPORTER_OTLP_ENDPOINT=otlp.endpoint, SENTRY_DSN=kent.dsn, **SOON)
    async with joined(server, session_id) as client:
        await request(client, BREAK)
        await client.receive_until("error")
    await get(server, "/")
    scraped = (await get(server, "/metrics")).text
    [event] = await asyncio.to_thread(kent.wait_for, bool)
    await asyncio.to_thread(otlp.wait_for, lambda span: span.name == "GET /")
    await asyncio.to_thread(otlp.wait_for_metrics, lambda _export: True)
    server.stop()
    [instance] = {line["instance"] for line in server.log}
    resources = [span.resource for span in otlp.spans]
    resources += [line.resource for line in otlp.lines]
    resources += [export.resource for export in otlp.metrics]
    assert all(resource == resources[0] for resource in resources)
    assert resources[0]["service.instance.id"] == instance
    assert f'service_instance_id="{instance}"' in scraped
    assert event["tags"]["instance"] == instance


async def test_each_worker_has_an_id_and_exports_its_own_metrics(
    start_server: StartServer, otlp: OtlpReceiver, session_id: str
) -> None:
    server = start_server(OTEL_EXPORTER_OTLP_ENDPOINT=otlp.endpoint, MAX_WORKERS=2)
    for number in range(12):  # each connection has a new socket, which the kernel gives to one of the two
        async with joined(server, f"{session_id}-{number}") as client:
            await stream(client, DOCUMENT)
    assert server.stop() == 0
    served = {line["instance"] for line in server.log if line["event"] == "service_started"}
    assert len(served) == 2
    completed = {}
    for export in otlp.metrics:
        series = "stream_requests_total", frozenset({("content_type", "text"), ("outcome", "completed")})
        completed[export.resource["service.instance.id"]] = scraped_series(export.points)[series]
    assert completed.keys() == served
    lines = [line["instance"] for line in server.log if line["event"] == "stream_completed"]
    assert completed == {instance: lines.count(instance) for instance in served}
    assert len(lines) == 12

"""Each back end accepts what the client libraries send, and returns it to the test."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import httpx
import psycopg
import pytest
import sentry_sdk
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.trace import Link, SpanKind, Status, StatusCode
from prometheus_client import CollectorRegistry, Counter, start_http_server
from redis import Redis
from redis.exceptions import ConnectionError as RedisUnreachable
from redis.exceptions import TimeoutError as RedisTimeout

from tests.backends.child import free_port
from tests.backends.dead import black_hole, refusing, silent
from tests.backends.fixtures import StartAlertmanager, StartNginx, StartPostgres, StartPrometheus, StartRedis
from tests.backends.kent import Kent
from tests.backends.otlp import OtlpReceiver
from tests.backends.postgres import Postgres
from tests.backends.slow import SlowProxy
from tests.backends.webhook import WebhookReceiver

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"

Dead = Callable[[], AbstractContextManager[str]]


@contextmanager
def exposed(registry: CollectorRegistry) -> Iterator[str]:
    """Serve the registry and yield its address."""
    server, thread = start_http_server(0, "127.0.0.1", registry)
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_prometheus_scrapes_a_counter_and_its_exemplar(start_prometheus: StartPrometheus) -> None:
    registry = CollectorRegistry()
    counter = Counter("documents", "Documents.", registry=registry)
    counter.inc(3, exemplar={"trace_id": TRACE_ID})
    with exposed(registry) as target:
        prometheus = start_prometheus(target)
        prometheus.wait_until_up(target)
        [sample] = prometheus.wait_for("documents_total")
        assert (sample["metric"]["instance"], sample["value"][1]) == (target, "3")
        [exemplar] = prometheus.exemplars("documents_total")
        assert exemplar["labels"] == {"trace_id": TRACE_ID}
        assert exemplar["seriesLabels"]["__name__"] == "documents_total"
        counter.inc()
        prometheus.wait_for("documents_total == 4")


def test_prometheus_sends_an_alert_and_alertmanager_notifies(
    start_prometheus: StartPrometheus, start_alertmanager: StartAlertmanager, webhook: WebhookReceiver
) -> None:
    receiver = {"name": "desk", "webhook_configs": [{"url": f"{webhook.url}/desk"}]}
    manager = start_alertmanager({"route": {"receiver": "desk", "group_wait": "0s"}, "receivers": [receiver]})
    rule = {"alert": "Always", "expr": "vector(2)", "annotations": {"summary": "It is {{ $value }}."}}
    start_prometheus(rules=[{"groups": [{"name": "rules", "rules": [rule]}]}], alertmanager=manager.address)
    notice = webhook.wait_for(lambda notice: notice.name == "Always", "the alert")
    assert (notice.receiver, notice.status) == ("desk", "firing")
    assert notice.annotations == {"summary": "It is 2."}
    manager.fire({"alertname": "Once", "host": "a"})
    assert manager.states('host="a"') == [({"alertname": "Once", "host": "a"}, "active")]
    with pytest.raises(AssertionError, match="never: not within"):
        webhook.wait_for(lambda notice: notice.name == "Never", "never", seconds=0)


@pytest.mark.parametrize("compression", [Compression.NoCompression, Compression.Gzip])
def test_the_otlp_receiver_accepts_a_span(otlp: OtlpReceiver, compression: Compression) -> None:
    provider = TracerProvider(resource=Resource({"service.name": "test"}))
    exporter = OTLPSpanExporter(endpoint=f"{otlp.endpoint}/v1/traces", compression=compression)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("tests")
    with tracer.start_as_current_span("first") as first:
        pass
    with tracer.start_as_current_span("second", kind=SpanKind.SERVER, links=[Link(first.get_span_context())]) as second:
        second.set_attributes({"count": 2, "names": ["a", "b"], "share": 0.5, "whole": True})
        second.add_event("half", {"at": 1})
        second.set_status(Status(StatusCode.ERROR, "broken"))
        with tracer.start_as_current_span("child"):
            pass
    provider.shutdown()

    [span] = otlp.wait_for(lambda span: span.name == "second")
    assert (span.kind, span.status, span.status_message) == ("SERVER", "ERROR", "broken")
    assert span.attributes == {"count": 2, "names": ["a", "b"], "share": 0.5, "whole": True}
    assert [(event.name, event.attributes) for event in span.events] == [("half", {"at": 1})]
    [linked] = otlp.wait_for(lambda span: span.name == "first")
    assert [(link.trace_id, link.span_id) for link in span.links] == [(linked.trace_id, linked.span_id)]
    [child] = otlp.wait_for(lambda one: one.parent_span_id == span.span_id)
    assert (child.name, child.trace_id, span.parent_span_id) == ("child", span.trace_id, "")
    assert span.start_ns <= child.start_ns <= child.end_ns <= span.end_ns
    assert (span.scope, span.resource["service.name"]) == ("tests", "test")


def test_the_otlp_receiver_waits_for_a_span(otlp: OtlpReceiver) -> None:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(endpoint=f"{otlp.endpoint}/v1/traces")))
    waiting = threading.Event()

    def look(_: object) -> bool:
        waiting.set()
        return True

    def export() -> None:
        waiting.wait()
        provider.get_tracer("tests").start_span("late").end()

    provider.get_tracer("tests").start_span("early").end()
    later = threading.Thread(target=export)
    later.start()
    assert {span.name for span in otlp.wait_for(look, count=2)} == {"early", "late"}
    later.join()
    provider.shutdown()
    with pytest.raises(AssertionError, match="0 of 1 within"):
        otlp.wait_for(lambda span: span.name == "never", seconds=0)


def test_kent_keeps_an_event(kent: Kent) -> None:
    client = sentry_sdk.Client(kent.dsn, default_integrations=False)
    client.capture_event({"message": "It broke.", "tags": {"part": "engine"}})
    client.close()
    [event] = kent.wait_for(lambda event: event["message"] == "It broke.")
    assert event["tags"] == {"part": "engine"}
    kent.flush()
    assert kent.events() == []


def test_a_refusing_back_end_refuses_connections() -> None:
    with refusing() as address, pytest.raises(httpx.ConnectError):
        httpx.get(f"http://{address}")


def test_a_silent_back_end_sends_no_response() -> None:
    with silent() as address, pytest.raises(httpx.ReadTimeout):
        httpx.post(f"http://{address}", content=b"x", timeout=0.2)


def test_connections_to_a_black_hole_time_out() -> None:
    with black_hole() as address, pytest.raises(httpx.ConnectTimeout):
        httpx.get(f"http://{address}", timeout=0.2)


@pytest.mark.parametrize("dead", [refusing, silent, black_hole])
def test_an_unavailable_back_end_keeps_its_port(dead: Dead) -> None:
    with dead() as address, socket.socket() as other:
        host, _, port = address.partition(":")
        with pytest.raises(OSError, match="in use"):
            other.bind((host, int(port)))


def test_a_restarted_redis_is_empty_and_has_the_same_address(start_redis: StartRedis) -> None:
    redis = start_redis()
    before = redis.address
    with redis.client() as client:
        client.set("name", "value")
        redis.restart()
        assert (redis.address, client.dbsize()) == (before, 0)


def test_a_frozen_redis_answers_after_it_is_resumed(start_redis: StartRedis) -> None:
    redis = start_redis()
    host, _, port = redis.address.partition(":")
    with socket.create_connection((host, int(port)), timeout=0.2) as client:
        with redis.frozen():
            client.sendall(b"PING\r\n")
            with pytest.raises(TimeoutError):
                client.recv(7)
        client.settimeout(10)
        assert client.recv(7) == b"+PONG\r\n"


def test_a_slow_proxy_delays_requests_in_order(start_redis: StartRedis) -> None:
    redis = start_redis()
    with SlowProxy(redis.address) as proxy:
        url = f"redis://{proxy.address}/0"
        with Redis.from_url(url) as client:
            proxy.delay_seconds = 0.05
            assert [client.rpush("list", number) for number in range(5)] == [1, 2, 3, 4, 5]
            redis.stop()
            with pytest.raises(RedisUnreachable):
                client.ping()
        redis.start()
        proxy.delay_seconds = 3600
        with Redis.from_url(url, socket_timeout=0.2) as client, pytest.raises(RedisTimeout):
            client.ping()


def test_a_restarted_postgres_has_its_data(start_postgres: StartPostgres) -> None:
    postgres = start_postgres()
    url = postgres.new_database()
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept (number integer)")
    with psycopg.connect(url):  # an open connection does not delay the restart
        postgres.restart()
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_new_databases_are_separate(shared_postgres: Postgres) -> None:
    for url in (shared_postgres.new_database(), shared_postgres.new_database()):
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE same (number integer)")


def test_nginx_proxies_requests(start_nginx: StartNginx, kent: Kent) -> None:
    port = free_port()
    start_nginx(f"server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://{kent.address}; }} }}")
    assert httpx.get(f"http://127.0.0.1:{port}/api/eventlist/").json() == {"events": []}


def test_the_otlp_receiver_that_has_stopped_receives_nothing_from_a_client_it_had(otlp: OtlpReceiver) -> None:
    exporter = OTLPSpanExporter(endpoint=f"{otlp.endpoint}/v1/traces", timeout=1)
    provider = TracerProvider()
    span = provider.get_tracer("tests").start_span("one")
    span.end()
    assert isinstance(span, ReadableSpan)
    assert exporter.export([span]) is SpanExportResult.SUCCESS
    otlp.stop()
    assert exporter.export([span]) is SpanExportResult.FAILURE
    assert len(otlp.spans) == 1

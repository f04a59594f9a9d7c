"""Everything that the service emits is declared, and everything that is declared is emitted in a full run."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from math import inf

import pytest
from msgspec.structs import replace
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.samples import Sample

from observability.registry.log_events import LOG_EVENTS
from observability.registry.metric_types import Histogram, Metric
from observability.registry.metrics import METRICS
from observability.registry.process_lines import LIBRARY_MESSAGE
from observability.registry.span_types import AttributeType
from observability.registry.spans import CALL, DB_NAMESPACE, DB_OPERATION, HTTP, HTTP_METHOD, HTTP_ROUTE, SPANS
from tests.backends.otlp import OtlpReceiver
from tests.backends.otlp_items import Span
from tests.backends.redis import Redis
from tests.conftest import LogLine, RunningServer
from tests.integration.observability.full_run import SETTINGS, WORKER_SETTINGS, Signals, lose_a_worker, run_through
from tests.integration.observability.known_users import SERVICES, USERS, meet_services, meet_users, published_keys
from tests.integration.observability.live_run import LIVE, publish_and_read

Series = tuple[str, frozenset[tuple[str, str | float]]]
"""A name and its labels."""

TYPES = {AttributeType.STRING: str, AttributeType.INTEGER: int, AttributeType.NUMBER: float, AttributeType.FLAG: bool}

ON_EVERY_LINE = {"ts", "level", "event", "message", "instance"}

EVENTS = {event.name: event for event in LOG_EVENTS}
BREAKING = "tests.integration.observability.breaking"


@pytest.fixture(scope="module")
def signals(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signals]:
    with ExitStack() as endings:
        otlp = OtlpReceiver()
        endings.callback(otlp.stop)
        redis = Redis(tmp_path_factory.mktemp("redis"))
        endings.callback(redis.stop)
        settings = {**SETTINGS, "OTEL_EXPORTER_OTLP_ENDPOINT": otlp.endpoint, "REDIS_URL": redis.url}
        server = RunningServer(tmp_path_factory.mktemp("server"), settings, BREAKING)
        endings.callback(server.stop)
        signals = asyncio.run(run_through(server, otlp, redis))
        folder = tmp_path_factory.mktemp("workers")
        no_directory = folder / "a-file"
        no_directory.touch()
        settings = {**WORKER_SETTINGS, "DATA_DIR": no_directory, "METRICS_DIR": folder / "metrics"}
        workers = RunningServer(folder, settings, BREAKING)
        endings.callback(workers.stop)
        asyncio.run(lose_a_worker(workers, signals))
        settings = {**USERS, "OTEL_EXPORTER_OTLP_ENDPOINT": otlp.endpoint, "REDIS_URL": redis.url}
        settings["AUTH_JWKS_URL"] = endings.enter_context(published_keys())
        users = RunningServer(tmp_path_factory.mktemp("users"), settings, BREAKING)
        endings.callback(users.stop)
        asyncio.run(meet_users(users, redis, signals))
        settings = {**LIVE, "OTEL_EXPORTER_OTLP_ENDPOINT": otlp.endpoint, "AUTH_JWKS_URL": settings["AUTH_JWKS_URL"]}
        publishing = RunningServer(tmp_path_factory.mktemp("live"), settings)
        endings.callback(publishing.stop)
        asyncio.run(publish_and_read(publishing, signals))
        signals.spans = otlp.spans
        folder = tmp_path_factory.mktemp("services")
        services = RunningServer(folder, SERVICES)
        endings.callback(services.stop)
        asyncio.run(meet_services(services, folder, signals))
        yield signals


# Metrics


def test_the_exposed_series_are_the_declared_ones(signals: Signals) -> None:
    """Those of users, of their quotas and of their keys where they are configured."""
    exposed = [
        {series(sample) for family in of_the_service(families) for sample in family.samples}
        for families in signals.scrapes
    ]
    assert set().union(*exposed) == {series for metric in METRICS for series in all_series(metric)}


def test_type_help_and_unit_are_as_declared(signals: Signals) -> None:
    declared = {metric.name.removesuffix("_total"): (metric.type, metric.help, metric.unit) for metric in METRICS}
    exposed = {
        family.name: (family.type, family.documentation, family.unit)
        for families in signals.scrapes
        for family in of_the_service(families)
    }
    assert exposed == declared


def test_each_series_of_several_workers_is_a_declared_one_with_the_label_worker(signals: Signals) -> None:
    declared = {series for metric in METRICS for series in all_series(metric)}
    for family in of_the_service(signals.worker_scrape):
        for name, labels in map(series, family.samples):
            workers = {("worker", "0"), ("worker", "1")} & labels
            assert len(workers) == 1
            assert (name, labels - workers) in declared


def test_every_metric_changes(signals: Signals) -> None:
    moved = {
        sample.name.removesuffix("_count")
        for families in (*signals.scrapes, signals.worker_scrape)
        for family in families
        for sample in family.samples
        if sample.value > 0
    }
    assert {metric.name for metric in METRICS} <= moved


def of_the_service(families: list[Family]) -> list[Family]:
    """Without the metrics of the Python process, which the library adds."""
    return [family for family in families if family.name.startswith("stream_")]


def series(sample: Sample) -> Series:
    """The bound of a bucket is compared as a number."""
    labels: dict[str, str | float] = dict(sample.labels)
    if "le" in labels:
        labels["le"] = float(labels["le"])
    return sample.name, frozenset(labels.items())


def all_series(metric: Metric) -> Iterator[Series]:
    """Every series of a metric, as it is scraped."""
    for values in metric.combinations():
        labels: dict[str, str | float] = dict(zip(metric.labels, values, strict=True))
        if isinstance(metric, Histogram):
            for edge in (*metric.buckets, inf):
                yield f"{metric.name}_bucket", frozenset((labels | {"le": edge}).items())
            yield f"{metric.name}_count", frozenset(labels.items())
            yield f"{metric.name}_sum", frozenset(labels.items())
        else:
            yield metric.name, frozenset(labels.items())


# Spans


def test_every_span_is_as_declared(signals: Signals) -> None:
    declared = {span.name: span for span in SPANS}
    for span in spans_of(signals):
        declaration = declared[span.name]
        assert span.kind == declaration.kind.name
        of_span = {attribute.name: TYPES[attribute.type] for attribute in declaration.attributes}
        assert {name: type(value) for name, value in span.attributes.items()}.items() <= of_span.items()
        of_events = {event.name: event for event in declaration.events}
        for event in span.events:
            known = {attribute.name: TYPES[attribute.type] for attribute in of_events[event.name].attributes}
            assert {name: type(value) for name, value in event.attributes.items()} == known
        assert bool(span.links) <= bool(declaration.links)


def test_every_declared_span_is_created(signals: Signals) -> None:
    for declaration in SPANS:
        made = [span for span in spans_of(signals) if span.name == declaration.name]
        assert made, declaration.name
        assert {attribute.name for attribute in declaration.attributes} == {
            name for span in made for name in span.attributes
        }
        assert {event.name for event in declaration.events} == {event.name for span in made for event in span.events}
        assert bool(declaration.links) == any(span.links for span in made)


def spans_of(signals: Signals) -> list[Span]:
    """All spans; those of HTTP routes, which the library creates, and of calls have the name of the declaration."""
    return [with_declared_name(span) for span in signals.spans]


def with_declared_name(span: Span) -> Span:
    if span.kind == CALL.kind.name:
        names = span.attributes[DB_OPERATION.name], span.attributes.get(DB_NAMESPACE.name)
        assert span.name == " ".join(filter(None, names))
        return replace(span, name=CALL.name)
    if span.scope == "observability":
        return span
    method, route = span.attributes[HTTP_METHOD.name], span.attributes.get(HTTP_ROUTE.name)
    assert span.name == (HTTP.name.format(method=method, route=route) if route else method)
    return replace(span, name=HTTP.name)


# Log events


def test_every_line_is_as_declared(signals: Signals) -> None:
    for line in signals.lines:
        event = EVENTS[line["event"]]
        assert fields(line) <= {field.name for field in event.fields}
        if event is not LIBRARY_MESSAGE:
            assert line["level"] == event.level
            assert line["message"] == event.message.format(**line)


def test_every_declared_line_is_written(signals: Signals) -> None:
    for event in LOG_EVENTS:
        lines = [line for line in signals.lines if line["event"] == event.name]
        assert lines, event.name
        assert {field.name for field in event.fields} == {name for line in lines for name in fields(line)}, event.name


def fields(line: LogLine) -> set[str]:
    return set(line) - ON_EVERY_LINE

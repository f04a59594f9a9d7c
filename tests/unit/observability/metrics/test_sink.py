"""The metrics: every event counted once, every series there from the start, no series that a client can name."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text
from prometheus_client.samples import Sample
from pydantic import SecretStr

from observability.metrics.metrics_sink import Metrics
from observability.registry import metrics as declared
from observability.registry.log_types import LogLevel
from observability.registry.metric_types import Histogram, Metric, Signal
from observability.registry.metrics import METRICS
from service.content.removal import Removal
from service.content.stage import Stage, StageTime
from service.events import (
    AttemptOutcome,
    BackpressureApplied,
    BackpressureReleased,
    CacheQueried,
    CacheTier,
    CloseReason,
    ConnectionAttempted,
    ConnectionClosed,
    ConnectionOpened,
    Dependency,
    DependencyChanged,
    DependencyFailed,
    ErrorSent,
    Event,
    FirstChunkSent,
    HttpRequestServed,
    LoopLagMeasured,
    MessageReceived,
    MessagesSent,
    Outcome,
    RateLimitHit,
    RecoveryRefused,
    RequestAdmitted,
    RequestRejected,
    StreamEnded,
    StreamPauseChanged,
    StreamRecovered,
    StreamStarted,
    TickerSwept,
    UsageDropped,
)
from service.protocol.errors import ErrorCode
from service.protocol.messages import (
    ChunkBy,
    ClientMessageType,
    Complexity,
    ContentType,
    HtmlMode,
    RefusalReason,
    Speed,
)
from service.protocol.server_messages import Chunk, StreamComplete
from service.protocol.trace import Trace
from service.settings import Settings

OPENMETRICS = "application/openmetrics-text; version=1.0.0"

SAMPLED = Trace("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", sampled=True)
UNSAMPLED = Trace("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", sampled=False)

UP = "stream_dependency_up"
REDIS = SecretStr("redis://127.0.0.1:6379/0")
POSTGRESQL = SecretStr("postgresql://127.0.0.1/usage")

Series = tuple[str, frozenset[tuple[str, str]]]


@pytest.fixture
def metrics() -> Metrics:
    """Of a service that uses all that it can."""
    return Metrics(Settings(memory_limit=2**30, redis_url=REDIS, database_url=POSTGRESQL))


def started(trace: Trace, *, paused: bool = False) -> StreamStarted:
    return StreamStarted(
        connection_id="c",
        session_id="s",
        stream_id="i",
        trace=trace,
        content_type=ContentType.HTML,
        complexity=Complexity.HIGH,
        speed=Speed.NORMAL,
        adaptive=True,
        word_count=900,
        removed={Removal.SUBTREE: 1, Removal.STYLE: 2},
        chunks=250,
        queued_seconds=0.0,
        processing_seconds=0.25,
        stages=(StageTime(Stage.SANITISE, 0.0, 0.125), StageTime(Stage.CHUNK, 0.125, 0.0625)),
        paused=paused,
    )


def ended(trace: Trace, outcome: Outcome, *, started: bool = True, paused: bool = False) -> StreamEnded:
    return StreamEnded(
        connection_id="c",
        session_id="s",
        stream_id="i",
        trace=trace,
        content_type=ContentType.HTML,
        outcome=outcome,
        started=started,
        paused=paused,
        chunks=250,
        bytes=1000,
        duration_seconds=25.0,
        paused_seconds=1.5,
    )


def life(trace: Trace) -> tuple[Event, ...]:
    """One connection with one stream, which the client leaves while it is paused."""
    return (
        ConnectionAttempted(AttemptOutcome.ACCEPTED, "s"),
        ConnectionOpened("c", "s", 0),
        MessageReceived(ClientMessageType.STREAM_REQUEST, 100),
        MessageReceived(None, 10),
        ErrorSent("c", "s", ErrorCode.INVALID_MESSAGE, "…"),
        RequestAdmitted(
            "c",
            "s",
            "i",
            trace,
            ContentType.HTML,
            Speed.NORMAL,
            ChunkBy.WORD,
            HtmlMode.FRAGMENT,
            has_request_id=False,
            content_bytes=2000,
            number=1,
            validation_seconds=0.0,
            rate_limit_seconds=0.0,
        ),
        started(trace),
        FirstChunkSent("i", trace, ContentType.HTML, 0.5),
        TickerSwept(1, 0.002),
        MessagesSent({Chunk: 249, StreamComplete: 1}, 30_000),
        BackpressureApplied("c", "s", "i", trace),
        BackpressureReleased("c", "s", "i", trace, 0.75),
        StreamPauseChanged("s", "i", trace, paused=True),
        LoopLagMeasured(0.004),
        ended(trace, Outcome.DISCONNECTED, paused=True),
        ConnectionClosed("c", "s", CloseReason.ABNORMAL, 1006, 30.0, 1),
    )


def test_a_life_in_metrics(metrics: Metrics) -> None:
    before = values(metrics)
    for event in life(SAMPLED):
        metrics.record(event)
    after = values(metrics)
    assert set(before) == set(after), "a series was not born at 0"
    assert {
        f"{name}{dict(sorted(labels)) or ''}": after[name, labels] - before[name, labels]
        for name, labels in before
        if after[name, labels] != before[name, labels] and name.startswith("stream_") and not name.endswith("_bucket")
        if not name.startswith("stream_memory")
    } == {
        "stream_connection_attempts_total{'outcome': 'accepted'}": 1,
        "stream_connection_closes_total{'reason': 'abnormal'}": 1,
        "stream_connection_duration_seconds_count": 1,
        "stream_connection_duration_seconds_sum": 30,
        "stream_messages_received_total{'type': 'stream_request'}": 1,
        "stream_messages_received_total{'type': 'other'}": 1,
        "stream_received_bytes_total": 110,
        "stream_messages_sent_total{'type': 'chunk'}": 249,
        "stream_messages_sent_total{'type': 'stream_complete'}": 1,
        "stream_sent_bytes_total": 30_000,
        "stream_errors_total{'code': 'INVALID_MESSAGE'}": 1,
        "stream_content_bytes_count{'content_type': 'html'}": 1,
        "stream_content_bytes_sum{'content_type': 'html'}": 2000,
        "stream_processing_duration_seconds_count{'content_type': 'html'}": 1,
        "stream_processing_duration_seconds_sum{'content_type': 'html'}": 0.25,
        "stream_stage_duration_seconds_count{'stage': 'sanitise'}": 1,
        "stream_stage_duration_seconds_sum{'stage': 'sanitise'}": 0.125,
        "stream_stage_duration_seconds_count{'stage': 'chunk'}": 1,
        "stream_stage_duration_seconds_sum{'stage': 'chunk'}": 0.0625,
        "stream_removed_total{'kind': 'subtree'}": 1,
        "stream_removed_total{'kind': 'style'}": 2,
        "stream_chunks_count{'content_type': 'html'}": 1,
        "stream_chunks_sum{'content_type': 'html'}": 250,
        "stream_time_to_first_chunk_seconds_count{'content_type': 'html'}": 1,
        "stream_time_to_first_chunk_seconds_sum{'content_type': 'html'}": 0.5,
        "stream_pacing_lag_seconds_count": 1,
        "stream_pacing_lag_seconds_sum": 0.002,
        "stream_backpressure_total": 1,
        "stream_chunk_send_seconds_count": 1,
        "stream_chunk_send_seconds_sum": 0.75,
        "stream_event_loop_lag_seconds_count": 1,
        "stream_event_loop_lag_seconds_sum": 0.004,
        "stream_requests_total{'content_type': 'html', 'outcome': 'disconnected'}": 1,
        "stream_duration_seconds_count{'outcome': 'disconnected'}": 1,
        "stream_duration_seconds_sum{'outcome': 'disconnected'}": 25,
        "stream_paused_seconds_total": 1.5,
    }


def test_content_work_that_broke_off_is_timed_and_leads_to_its_trace_sampled_or_not(metrics: Metrics) -> None:
    broken = replace(
        ended(UNSAMPLED, Outcome.ERROR, started=False),
        processing_seconds=0.25,
        stages=(StageTime(Stage.SANITISE, 0.0, 0.125),),
    )
    metrics.record(broken)
    assert value(metrics, "stream_processing_duration_seconds_sum", content_type="html") == 0.25
    assert value(metrics, "stream_stage_duration_seconds_sum", stage="sanitise") == 0.125
    assert linked(metrics) == {"stream_processing_duration_seconds_bucket": UNSAMPLED.trace_id}
    metrics.record(ended(UNSAMPLED, Outcome.ERROR))
    assert linked(metrics)["stream_duration_seconds_bucket"] == UNSAMPLED.trace_id
    metrics.record(ended(UNSAMPLED, Outcome.COMPLETED))
    assert len(linked(metrics)) == 2


def test_gauges_follow_what_is_open(metrics: Metrics) -> None:
    def now() -> tuple[float, float, float]:
        return (
            value(metrics, "stream_connections_active"),
            value(metrics, "stream_active_streams", state="streaming"),
            value(metrics, "stream_active_streams", state="paused"),
        )

    seen = []
    for event in (
        ConnectionOpened("c", "s", 0),
        started(SAMPLED, paused=True),
        StreamPauseChanged("s", "i", SAMPLED, paused=False),
        ended(SAMPLED, Outcome.COMPLETED),
        ended(SAMPLED, Outcome.CANCELLED, started=False, paused=True),
        ConnectionClosed("c", "s", CloseReason.CLIENT, 1000, 1.0, 1),
    ):
        metrics.record(event)
        seen.append(now())
    assert seen == [(1, 0, 0), (1, 0, 1), (1, 1, 0), (1, 0, 0), (1, 0, 0), (0, 0, 0)]


def recovered(*, repeated: bool = False, paused: bool = False) -> StreamRecovered:
    return StreamRecovered(
        connection_id="d",
        session_id="s",
        stream_id="i",
        trace=SAMPLED,
        content_type=ContentType.HTML,
        next_index=100,
        chunks=250,
        takeovers=1,
        repeated=repeated,
        waited_seconds=0.5,
        paused=paused,
    )


@pytest.mark.parametrize(
    ("first", "second", "outcome"),
    [
        # its connection broke, and that was seen
        (
            ended(SAMPLED, Outcome.DISCONNECTED),
            replace(ended(SAMPLED, Outcome.COMPLETED), counted=True),
            "disconnected",
        ),
        # it was taken over before anybody saw that its connection was broken
        (ended(SAMPLED, Outcome.TAKEN_OVER), ended(SAMPLED, Outcome.COMPLETED), "completed"),
        # its process died
        (None, ended(SAMPLED, Outcome.COMPLETED), "completed"),
    ],
)
def test_a_request_counts_once_however_often_its_stream_was_recovered(
    metrics: Metrics, first: StreamEnded | None, second: StreamEnded, outcome: str
) -> None:
    metrics.record(started(SAMPLED))
    if first is not None:
        metrics.record(first)
    metrics.record(recovered())
    metrics.record(second)
    counted = {"stream_requests_total": 0.0, "stream_duration_seconds_count": 0.0}
    for (name, labels), number in values(metrics).items():
        if name in counted:
            counted[name] += number
            assert number == 0 or ("outcome", outcome) in labels
    assert set(counted.values()) == {1}
    assert value(metrics, "stream_chunks_count", content_type="html") == 1
    assert value(metrics, "stream_processing_duration_seconds_count", content_type="html") == 1
    assert value(metrics, "stream_time_to_first_chunk_seconds_count", content_type="html") == 0
    assert value(metrics, "stream_paused_seconds_total") == (3 if first else 1.5), "each connection had its own"


def test_what_waited_behind_a_stream_that_was_taken_over_is_counted(metrics: Metrics) -> None:
    metrics.record(ended(SAMPLED, Outcome.TAKEN_OVER, started=False))
    assert value(metrics, "stream_requests_total", content_type="html", outcome="taken_over") == 1


def test_recoveries_are_counted_by_what_became_of_them(metrics: Metrics) -> None:
    metrics.record(recovered())
    metrics.record(recovered(repeated=True))
    for reason in RefusalReason:
        metrics.record(RecoveryRefused("c", "s", "i", reason))
    for result in ("recovered", "repeated", *RefusalReason):
        assert value(metrics, "stream_recoveries_total", result=result) == 1
    assert value(metrics, "stream_recovery_seconds_count") == 2
    assert value(metrics, "stream_recovery_seconds_sum") == 1


def test_a_recovered_stream_is_under_way_until_it_ends(metrics: Metrics) -> None:
    def now() -> tuple[float, float]:
        return (
            value(metrics, "stream_active_streams", state="streaming"),
            value(metrics, "stream_active_streams", state="paused"),
        )

    metrics.record(recovered(paused=True))
    assert now() == (0, 1)
    metrics.record(StreamPauseChanged("s", "i", SAMPLED, paused=False))
    assert now() == (1, 0)
    metrics.record(replace(ended(SAMPLED, Outcome.COMPLETED), counted=True))
    assert now() == (0, 0)


def test_a_dependency_is_up_until_it_is_away(metrics: Metrics) -> None:
    def up() -> list[Dependency]:
        return [one for one in Dependency if value(metrics, "stream_dependency_up", dependency=one)]

    assert up() == [*Dependency]
    metrics.record(DependencyChanged(Dependency.PLAN_CACHE, up=False, reason="refused"))
    metrics.record(DependencyFailed(Dependency.PLAN_CACHE))
    assert up() == [Dependency.SESSION_STORE, Dependency.USAGE_STORE, Dependency.DATABASE]
    metrics.record(DependencyChanged(Dependency.PLAN_CACHE, up=True))
    assert up() == [*Dependency]
    assert value(metrics, "stream_dependency_errors_total", dependency="plan_cache") == 1


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({}, {"session_store", "usage_store"}),
        ({"redis_url": REDIS}, {"session_store", "plan_cache", "usage_store"}),
        ({"redis_url": REDIS, "store_content": False}, {"session_store", "usage_store"}),
        ({"database_url": POSTGRESQL}, {"session_store", "usage_store", "database"}),
    ],
)
def test_what_the_settings_do_not_name_is_neither_up_nor_away(settings: dict[str, Any], named: set[str]) -> None:
    shown = {dict(labels).get("dependency") for name, labels in values(Metrics(Settings(**settings))) if name == UP}
    assert shown == named


def test_lookups_and_lost_usage_are_counted(metrics: Metrics) -> None:
    metrics.record(CacheQueried(CacheTier.MEMORY, hit=False))
    metrics.record(CacheQueried(CacheTier.SHARED, hit=True))
    metrics.record(UsageDropped(7))
    assert value(metrics, "stream_plan_cache_lookups_total", tier="memory", result="miss") == 1
    assert value(metrics, "stream_plan_cache_lookups_total", tier="shared", result="hit") == 1
    assert value(metrics, "stream_usage_dropped_total") == 7


def test_requests_that_never_became_streams_are_counted_too(metrics: Metrics) -> None:
    metrics.record(RequestRejected("c", "s", ContentType.TEXT, ErrorCode.RATE_LIMIT_EXCEEDED, Outcome.REJECTED))
    metrics.record(RateLimitHit("s", 100))
    metrics.record(ended(UNSAMPLED, Outcome.CANCELLED, started=False))
    assert value(metrics, "stream_requests_total", content_type="text", outcome="rejected") == 1
    assert value(metrics, "stream_rate_limit_hits_total", scope="session") == 1
    assert value(metrics, "stream_requests_total", content_type="html", outcome="cancelled") == 1
    assert value(metrics, "stream_duration_seconds_count", outcome="cancelled") == 0


def test_what_is_declared_is_there_before_anything_has_happened_and_nothing_else(metrics: Metrics) -> None:
    born = values(metrics)
    assert {series for series in born if not series[0].startswith(("process_", "python_"))} == {
        series for metric in METRICS for series in series_of(metric)
    }
    told = (
        declared.CONFIG_LIMIT,
        declared.BUILD_INFO,
        declared.DEPENDENCY_UP,
        declared.MEMORY_USAGE,
        declared.MEMORY_LIMIT,
    )
    assert not any(born[series] for metric in METRICS if metric not in told for series in series_of(metric))
    assert len(born) < 1500


def test_the_thresholds_that_rules_ask_for_are_buckets(metrics: Metrics) -> None:
    for name, threshold in (
        ("stream_processing_duration_seconds", "0.1"),
        ("stream_processing_duration_seconds", "0.5"),
        ("stream_time_to_first_chunk_seconds", "0.5"),
        ("stream_chunks", "200.0"),
    ):
        assert value(metrics, f"{name}_bucket", content_type="text", le=threshold) == 0


def test_limits_and_version_are_told() -> None:
    metrics = Metrics(Settings(max_connections=7, idle_timeout=1.5))
    assert value(metrics, "stream_config_limit", limit="max_connections") == 7
    assert value(metrics, "stream_config_limit", limit="idle_timeout") == 1.5
    assert value(metrics, "stream_build_info", version="2.4.1") == 1


def test_exemplars_lead_to_the_trace_of_a_stream(metrics: Metrics) -> None:
    for event in life(SAMPLED):
        metrics.record(event)
    exemplars = [(sample.name.removesuffix("_bucket"), sample.exemplar) for sample in openmetrics(metrics)]
    found = {name: exemplar.labels for name, exemplar in exemplars if exemplar}
    with_exemplars = {metric.name for metric in METRICS if isinstance(metric, Histogram) and metric.exemplar}
    assert found.keys() == with_exemplars
    assert all(labels == {"trace_id": SAMPLED.trace_id, "span_id": SAMPLED.span_id} for labels in found.values())
    assert with_exemplars == {
        "stream_processing_duration_seconds",
        "stream_time_to_first_chunk_seconds",
        "stream_duration_seconds",
    }


def linked(metrics: Metrics) -> dict[str, str]:
    """The trace ids of the latest exemplars, by the series' names."""
    return {sample.name: sample.exemplar.labels["trace_id"] for sample in openmetrics(metrics) if sample.exemplar}


def test_a_trace_that_nobody_can_look_up_is_no_exemplar(metrics: Metrics) -> None:
    for event in life(UNSAMPLED):
        metrics.record(event)
    assert not any(sample.exemplar for sample in openmetrics(metrics))


@pytest.mark.parametrize("accept", ["", "text/plain", "*/*", "text/plain; version=x", f"{OPENMETRICS}x", "é"])
def test_the_format_is_text_unless_openmetrics_is_asked_for(metrics: Metrics, accept: str) -> None:
    body, content_type = metrics.exposition(accept)
    assert content_type.startswith("text/plain; version=")
    assert {family.name for family in parse_text(body.decode())} >= {"stream_requests", "stream_chunks"}


def test_openmetrics_tells_the_units(metrics: Metrics) -> None:
    body, content_type = metrics.exposition(OPENMETRICS)
    assert content_type.startswith("application/openmetrics-text; version=1.0.0")
    units = {
        family.name: family.unit
        for family in parse_openmetrics(body.decode())  # type: ignore[no-untyped-call]
        if family.name.startswith("stream_")
    }
    assert units == {metric.name.removesuffix("_total"): metric.unit for metric in METRICS}


def test_a_client_cannot_name_a_series(metrics: Metrics) -> None:
    before = set(values(metrics))
    metrics.record(HttpRequestServed("BREW", "/pots/{pot}", 404, 0.001))
    metrics.record(HttpRequestServed("GET", None, 404, 0.001))
    metrics.record(HttpRequestServed("GET", "/ready", 503, 0.001))
    assert set(values(metrics)) == before
    assert value(metrics, "stream_http_requests_total", method="other", route="other", status_class="4xx") == 1
    assert value(metrics, "stream_http_requests_total", method="GET", route="other", status_class="4xx") == 1
    assert (
        value(metrics, "stream_http_request_duration_seconds_count", method="GET", route="/ready", status_class="5xx")
        == 1
    )


def test_losses_and_lines_are_counted_from_any_thread(metrics: Metrics) -> None:
    def lose() -> None:
        for _ in range(1000):
            metrics.count_dropped(Signal.TRACES, 3)
            metrics.count_log_record(LogLevel.WARNING)

    threads = [threading.Thread(target=lose) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert value(metrics, "stream_telemetry_dropped_total", signal="traces") == 12_000
    assert value(metrics, "stream_log_records_total", level="WARNING") == 4000


def values(metrics: Metrics) -> dict[Series, float]:
    body, _ = metrics.exposition("text/plain")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in parse_text(body.decode())
        for sample in family.samples
    }


def value(metrics: Metrics, name: str, **labels: str) -> float:
    return values(metrics)[name, frozenset(labels.items())]


def openmetrics(metrics: Metrics) -> Iterator[Sample]:
    body, _ = metrics.exposition(OPENMETRICS)
    for family in parse_openmetrics(body.decode()):  # type: ignore[no-untyped-call]
        yield from family.samples


def series_of(metric: Metric) -> Iterator[Series]:
    """Every series of a metric, as it is scraped."""
    for combination in metric.combinations():
        labels = frozenset(zip(metric.labels, combination, strict=True))
        if isinstance(metric, Histogram):
            for edge in metric.edges():
                yield f"{metric.name}_bucket", labels | {("le", edge)}
            yield f"{metric.name}_sum", labels
            yield f"{metric.name}_count", labels
        else:
            yield metric.name, labels

"""The metrics sink: every event is counted once."""

import threading

import pytest
from msgspec.structs import replace

from observability.metrics.metrics_sink import Metrics
from observability.registry.log_types import LogLevel
from observability.registry.metric_types import Signal
from observability.registry.metrics import CHUNK_LAG, DEPENDENCY_CALLS
from service.content.stage import Stage, StageTime
from service.events import (
    CacheQueried,
    CacheTier,
    ChunkLags,
    ClientReported,
    CloseReason,
    ConnectionClosed,
    ConnectionOpened,
    ContentQueueChanged,
    ContentRefused,
    ContentWorked,
    ContentWorker,
    ContentWorkKilled,
    DataSystem,
    Dependency,
    DependencyCalled,
    DependencyChanged,
    DependencyFailed,
    HttpRequestServed,
    KilledBecause,
    MessagesSent,
    Operation,
    Outcome,
    RateLimitHit,
    RefusedBecause,
    RequestRejected,
    StoredInMemory,
    StoreLimit,
    StoreLimitReached,
    StoreMeasured,
    StreamPauseChanged,
    UsageDropped,
)
from service.protocol.errors import ErrorCode
from service.protocol.instant import Instant
from service.protocol.messages import (
    ContentType,
)
from service.protocol.server_messages import Chunk
from service.settings import Settings
from tests.unit.observability.metrics.samples import (
    SAMPLED,
    UNSAMPLED,
    ended,
    exemplar_trace_ids,
    life,
    started,
    value,
    values,
)


def test_each_event_of_a_connection_changes_its_metrics_and_no_others(metrics: Metrics) -> None:
    before = values(metrics)
    for event in life(SAMPLED):
        metrics.record(event)
    after = values(metrics)
    assert set(before) == set(after), "a series is missing at the start"
    assert {
        f"{name}{dict(sorted(labels)) or ''}": after[name, labels] - before[name, labels]
        for name, labels in before
        if after[name, labels] != before[name, labels] and name.startswith("stream_") and not name.endswith("_bucket")
        if not name.startswith("stream_memory")
    } == {
        "stream_connection_attempts_total{'outcome': 'accepted'}": 1,
        "stream_connections_opened_total": 1,
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
        "stream_client_first_chunk_seconds_count": 1,
        "stream_client_first_chunk_seconds_sum": 0.25,
        "stream_client_gap_seconds_count": 1,
        "stream_client_gap_seconds_sum": 4,
        "stream_client_breaks_total": 2,
        "stream_requests_admitted_total{'by': 'request'}": 1,
        "stream_requests_ended_total": 1,
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
        "stream_request_phase_seconds_count{'phase': 'handshake'}": 1,
        "stream_request_phase_seconds_count{'phase': 'admission'}": 1,
        "stream_request_phase_seconds_sum{'phase': 'admission'}": 0.25,
        "stream_request_phase_seconds_count{'phase': 'queue'}": 1,
        "stream_request_phase_seconds_count{'phase': 'content_wait'}": 1,
        "stream_request_phase_seconds_count{'phase': 'work'}": 1,
        "stream_request_phase_seconds_sum{'phase': 'work'}": 0.25,
        "stream_request_phase_seconds_count{'phase': 'store'}": 1,
        "stream_request_phase_seconds_sum{'phase': 'store'}": 0.125,
        "stream_time_to_first_chunk_seconds_count{'content_type': 'html'}": 1,
        "stream_time_to_first_chunk_seconds_sum{'content_type': 'html'}": 0.5,
        "stream_chunk_lag_seconds_count": 249,
        "stream_chunk_lag_seconds_sum": 3.5,
        "stream_backpressure_total": 1,
        "stream_chunk_send_seconds_count": 1,
        "stream_chunk_send_seconds_sum": 0.75,
        "stream_event_loop_lag_seconds_count": 1,
        "stream_event_loop_lag_seconds_sum": 0.004,
        "stream_requests_total{'content_type': 'html', 'outcome': 'disconnected'}": 1,
        "stream_duration_seconds_count": 1,
        "stream_duration_seconds_sum": 25,
        "stream_paused_seconds_total": 1.5,
    }


def test_lags_are_added_to_their_buckets_which_are_cumulative(metrics: Metrics) -> None:
    for lags in (ChunkLags((5, 3, 0, 0, 0, 0, 0, 0, 1, 0), 2.5), ChunkLags((1, 0, 0, 0, 0, 0, 0, 0, 0, 1), 4.0)):
        metrics.record(MessagesSent({Chunk: sum(lags.counts)}, 1000, lags))
    name = "stream_chunk_lag_seconds"
    buckets = {edge: value(metrics, f"{name}_bucket", le=edge) for edge in CHUNK_LAG.edges()}
    assert [*buckets] == ["0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1.0", "2.5", "+Inf"]
    assert [*buckets.values()] == [6, 9, 9, 9, 9, 9, 9, 9, 10, 11]
    assert (value(metrics, f"{name}_count"), value(metrics, f"{name}_sum")) == (11, 6.5)


def test_a_failed_preparation_is_timed_with_an_exemplar_regardless_of_sampling(metrics: Metrics) -> None:
    broken = replace(
        ended(UNSAMPLED, Outcome.ERROR, started=False),
        processing_seconds=0.25,
        stages=(StageTime(Stage.SANITISE, 0.0, 0.125),),
    )
    metrics.record(broken)
    assert value(metrics, "stream_processing_duration_seconds_sum", content_type="html") == 0.25
    assert value(metrics, "stream_stage_duration_seconds_sum", stage="sanitise") == 0.125
    assert exemplar_trace_ids(metrics) == {"stream_processing_duration_seconds_bucket": UNSAMPLED.trace_id}
    metrics.record(ended(UNSAMPLED, Outcome.ERROR))
    assert exemplar_trace_ids(metrics)["stream_duration_seconds_bucket"] == UNSAMPLED.trace_id
    metrics.record(ended(UNSAMPLED, Outcome.COMPLETED))
    assert len(exemplar_trace_ids(metrics)) == 2


def test_gauges_follow_open_connections_and_active_streams(metrics: Metrics) -> None:
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


def test_what_the_store_holds_and_what_it_does_not_keep(metrics: Metrics) -> None:
    metrics.record(StoreMeasured(bytes=1000, sessions=7))
    metrics.record(StoreLimitReached(StoreLimit.SESSIONS, "s"))
    assert (value(metrics, "stream_store_bytes"), value(metrics, "stream_store_sessions")) == (1000, 7)
    assert value(metrics, "stream_store_refusals_total", limit="sessions") == 1
    assert value(metrics, "stream_store_refusals_total", limit="bytes") == 0


def test_a_store_in_memory_is_unavailable(metrics: Metrics) -> None:
    metrics.record(StoredInMemory(Dependency.SESSION_STORE, "read-only"))
    assert value(metrics, "stream_dependency_up", dependency="session_store") == 0


def test_a_dependency_is_available_until_an_event_reports_otherwise(metrics: Metrics) -> None:
    def up() -> list[Dependency]:
        return [one for one in Dependency if value(metrics, "stream_dependency_up", dependency=one)]

    assert up() == [*Dependency]
    metrics.record(DependencyChanged(Dependency.PLAN_CACHE, up=False, reason="refused"))
    metrics.record(DependencyFailed(Dependency.PLAN_CACHE))
    assert up() == [one for one in Dependency if one is not Dependency.PLAN_CACHE]
    metrics.record(DependencyChanged(Dependency.PLAN_CACHE, up=True))
    assert up() == [*Dependency]
    assert value(metrics, "stream_dependency_errors_total", dependency="plan_cache") == 1


def test_calls_of_configured_dependencies_are_measured(metrics: Metrics) -> None:
    for dependency, operation in DEPENDENCY_CALLS.combinations():
        call = DependencyCalled(Dependency(dependency), DataSystem.REDIS, Operation(operation), Instant(5, 5), 0.3)
        metrics.record(call)
        labels = {"dependency": dependency, "operation": operation}
        assert value(metrics, "stream_dependency_call_seconds_sum", **labels) == 0.3
        assert value(metrics, "stream_dependency_call_seconds_bucket", le="0.25", **labels) == 0
        assert value(metrics, "stream_dependency_call_seconds_bucket", le="1.0", **labels) == 1
    alone = values(Metrics(Settings()))
    names = {dict(labels)["dependency"] for name, labels in alone if name == "stream_dependency_call_seconds_count"}
    assert names == {"session_store", "live_store"}


def test_cache_lookups_and_dropped_usage_are_counted(metrics: Metrics) -> None:
    metrics.record(CacheQueried(CacheTier.MEMORY, hit=False))
    metrics.record(CacheQueried(CacheTier.SHARED, hit=True))
    metrics.record(UsageDropped(7))
    assert value(metrics, "stream_plan_cache_lookups_total", tier="memory", result="miss") == 1
    assert value(metrics, "stream_plan_cache_lookups_total", tier="shared", result="hit") == 1
    assert value(metrics, "stream_usage_dropped_total") == 7


def test_requests_without_a_stream_are_counted(metrics: Metrics) -> None:
    metrics.record(RequestRejected("c", "s", ContentType.TEXT, ErrorCode.RATE_LIMIT_EXCEEDED, Outcome.REJECTED))
    metrics.record(RateLimitHit("s", 100))
    metrics.record(ended(UNSAMPLED, Outcome.CANCELLED, started=False))
    assert value(metrics, "stream_requests_total", content_type="text", outcome="rejected") == 1
    assert value(metrics, "stream_rate_limit_hits_total", scope="session") == 1
    assert value(metrics, "stream_requests_total", content_type="html", outcome="cancelled") == 1
    assert value(metrics, "stream_duration_seconds_count") == 0


@pytest.mark.parametrize(
    ("method", "path", "status", "counted"),
    [
        ("GET", "/ready", 503, ("GET", "/ready", "5xx")),
        ("GET", "/metrics", 401, ("GET", "/metrics", "4xx")),
        ("POST", "/health", 405, ("other", "/health", "4xx")),
        ("PUT", "/health", 405, ("other", "/health", "4xx")),
        ("GET", None, 404, ("GET", "other", "4xx")),
        ("BREW", "/pots/{pot}", 404, ("other", "other", "4xx")),
        ("OPTIONS", None, 200, ("OPTIONS", "other", "2xx")),
        ("OPTIONS", "/docs", 500, ("other", "other", "5xx")),
        ("GET", "/", 307, ("other", "other", "3xx")),
        ("POST", "/v1/streams/{stream_id}/append", 409, ("POST", "/v1", "4xx")),
        ("GET", "/v1/streams/{stream_id}", 200, ("GET", "/v1", "2xx")),
        ("PUT", "/v1/streams/{stream_id}", 405, ("other", "other", "4xx")),
    ],
)
def test_an_http_request_is_counted_once_and_creates_no_series(
    metrics: Metrics, method: str, path: str | None, status: int, counted: tuple[str, str, str]
) -> None:
    before = values(metrics)
    metrics.record(HttpRequestServed(method, path, status, 0.05))
    changed = {key for key, number in values(metrics).items() if number != before[key]}
    counter = "stream_http_requests_total", frozenset(zip(("method", "route", "status_class"), counted, strict=True))
    assert [key for key in changed if key[0] == counter[0]] == [counter]
    assert value(metrics, "stream_http_request_duration_seconds_bucket", route=counted[1], le="0.1") == 1
    assert values(metrics).keys() == before.keys()


def test_drops_and_log_lines_are_counted_from_any_thread(metrics: Metrics) -> None:
    def lose() -> None:
        for _ in range(1000):
            metrics.count_dropped(Signal.TRACES, 3)
            metrics.count_throttled(Signal.ERRORS)
            metrics.count_log_record(LogLevel.WARNING)

    threads = [threading.Thread(target=lose) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert value(metrics, "stream_telemetry_dropped_total", signal="traces") == 12_000
    assert value(metrics, "stream_telemetry_throttled_total", signal="errors") == 4000
    assert value(metrics, "stream_log_records_total", level="WARNING") == 4000


def test_content_work_is_measured_by_worker(metrics: Metrics) -> None:
    metrics.record(ContentQueueChanged(ContentWorker.THREAD, 3))
    metrics.record(ContentQueueChanged(ContentWorker.THREAD, 2))
    metrics.record(ContentWorked(ContentWorker.PROCESS, 0.2, 1.5))
    metrics.record(ContentRefused(ContentWorker.THREAD, RefusedBecause.WAITED))
    metrics.record(ContentWorkKilled(KilledBecause.CPU, ContentType.HTML))
    assert value(metrics, "stream_content_queue_length", content_worker="thread") == 2
    assert value(metrics, "stream_content_wait_seconds_sum", content_worker="process") == 0.2
    assert value(metrics, "stream_content_cpu_seconds_total", content_worker="process") == 1.5
    assert value(metrics, "stream_content_refused_total", content_worker="thread", reason="waited") == 1
    assert value(metrics, "stream_content_killed_total", reason="cpu") == 1


def test_what_a_client_did_not_measure_is_not_counted(metrics: Metrics) -> None:
    metrics.record(ClientReported("s", "i", SAMPLED, first_chunk_seconds=0.25, gap_seconds=None, breaks=2))
    metrics.record(ClientReported("s", "i", UNSAMPLED, first_chunk_seconds=None, gap_seconds=4.0, breaks=0))
    assert value(metrics, "stream_client_first_chunk_seconds_count") == 1
    assert value(metrics, "stream_client_first_chunk_seconds_sum") == 0.25
    assert value(metrics, "stream_client_gap_seconds_count") == 1
    assert value(metrics, "stream_client_gap_seconds_sum") == 4
    assert value(metrics, "stream_client_breaks_total") == 2
    assert exemplar_trace_ids(metrics) == {"stream_client_first_chunk_seconds_bucket": SAMPLED.trace_id}

"""Sample events of a stream, and the scraped values of metrics."""

from collections.abc import Iterator
from typing import Any

from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text
from prometheus_client.samples import Sample
from pydantic import SecretStr

from observability.metrics.metrics_sink import Metrics
from observability.registry.metric_types import Histogram, Metric
from service.content.html.removal import Removal
from service.content.stage import Stage, StageTime
from service.events import (
    AttemptOutcome,
    BackpressureApplied,
    BackpressureReleased,
    ChunkLags,
    ClientReported,
    CloseReason,
    ConnectionAttempted,
    ConnectionClosed,
    ConnectionOpened,
    ErrorSent,
    Event,
    FirstChunkSent,
    LoopLagMeasured,
    MessageReceived,
    MessagesSent,
    Outcome,
    RequestAdmitted,
    StreamEnded,
    StreamPauseChanged,
    StreamRecovered,
    StreamStarted,
)
from service.protocol.errors import ErrorCode
from service.protocol.messages import (
    ChunkBy,
    ClientMessageType,
    Complexity,
    ContentType,
    HtmlMode,
    Speed,
)
from service.protocol.server_messages import Chunk, StreamComplete
from service.protocol.trace import Trace
from tests.unit.sample_times import NEVER_STARTED, TIMES

OPENMETRICS = "application/openmetrics-text; version=1.0.0"
SAMPLED = Trace("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", sampled=True)
UNSAMPLED = Trace("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", sampled=False)
REDIS = SecretStr("redis://127.0.0.1:6379/0")
TOKEN_KEYS: dict[str, Any] = {
    "auth_mode": "jwt",
    "auth_jwks_url": "https://issuer.example/keys",
    "auth_jwt_algorithms": "RS256",
    "auth_jwt_audience": "streaming",
}
POSTGRESQL = SecretStr("postgresql://127.0.0.1/usage")
Series = tuple[str, frozenset[tuple[str, str]]]


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
        times=TIMES,
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
        paused=paused,
        chunks=250,
        bytes=1000,
        paused_seconds=1.5,
        times=TIMES if started else NEVER_STARTED,
    )


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
        times=TIMES,
        paused=paused,
    )


def life(trace: Trace) -> tuple[Event, ...]:
    """The events of a connection with one stream; the client disconnects while the stream is paused."""
    return (
        ConnectionAttempted(AttemptOutcome.ACCEPTED, "s"),
        ConnectionOpened("c", "s", 0),
        MessageReceived(ClientMessageType.STREAM_REQUEST, 100),
        MessageReceived(None, 10),
        ErrorSent("c", "s", ErrorCode.INVALID_MESSAGE, "…", fault=False),
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
            times=TIMES,
        ),
        started(trace),
        FirstChunkSent("i", trace, ContentType.HTML, 0.5),
        MessagesSent({Chunk: 249, StreamComplete: 1}, 30_000, ChunkLags((240, 8, 0, 0, 0, 0, 0, 0, 0, 1), 3.5)),
        BackpressureApplied("c", "s", "i", trace),
        BackpressureReleased("c", "s", "i", trace, 0.75),
        StreamPauseChanged("s", "i", trace, paused=True),
        LoopLagMeasured(0.004),
        ended(trace, Outcome.DISCONNECTED, paused=True),
        ClientReported("s", "i", trace, first_chunk_seconds=0.25, gap_seconds=4.0, breaks=2),
        ConnectionClosed("c", "s", CloseReason.ABNORMAL, 1006, 30.0, 1),
    )


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


def exemplar_trace_ids(metrics: Metrics) -> dict[str, str]:
    """The trace ids of the latest exemplars, by the names of their series."""
    return {sample.name: sample.exemplar.labels["trace_id"] for sample in openmetrics(metrics) if sample.exemplar}


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

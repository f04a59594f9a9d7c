"""The metrics of live streams; absent where publishing is off.

Two histograms have the names, units and bounds of the conventions of OpenTelemetry for generative AI
(``gen_ai.client.operation.time_to_first_chunk`` and ``…time_per_output_chunk``) behind the prefix of this service: the
conventions define them for the client of a model, with its name, which the service does not know.
"""

from enum import StrEnum

from observability.registry.metric_types import Counter, Gauge, Histogram, Metric
from service.events import (
    DEFINITION_WAIT_SECONDS,
    FIRST_APPENDS,
    HELD_BACK_SECONDS,
    LIVE_GAP_SECONDS,
    SOURCE_TO_SOCKET_SECONDS,
    LiveOutcome,
    ReadingEnd,
    ReadingWay,
    RefusedAppend,
)
from service.protocol.messages import ContentType


class LiveStreamState(StrEnum):
    """What is known of the producer of a stream that has not ended."""

    OPEN = "open"
    STALLED = "stalled"
    INTERRUPTED = "interrupted"


class ProducerChange(StrEnum):
    """What happened to a producer."""

    STALLED = "stalled"
    CONTINUED = "continued"
    LOST = "lost"
    ADOPTED = "adopted"
    """Another one continues its stream."""


LIVE_STREAMS = Gauge(
    "stream_live_streams",
    "Live streams of all processes that have not ended, by state of their producer: open; stalled: not heard of for "
    "5 s; interrupted: for 15 s, adoptable.",
    {"state": tuple(LiveStreamState)},
    workers="max",
)
LIVE_CREATED = Counter("stream_live_created_total", "Live streams created.", {"content_type": tuple(ContentType)})
LIVE_ENDED = Counter(
    "stream_live_ended_total",
    "Live streams that ended, by outcome; error: their producer ended them with one; abandoned: it was lost, and no "
    "other one adopted the stream.",
    {"outcome": tuple(LiveOutcome)},
)
LIVE_DURATION = Histogram(
    "stream_live_duration_seconds",
    "From the creation of a live stream to its end.",
    unit="seconds",
    buckets=(1, 5, 15, 60, 300, 1800),
    exemplar=True,
)
LIVE_PRODUCERS = Counter(
    "stream_live_producer_changes_total",
    "Producers that stalled (were not heard of for 5 s), continued after that, were lost (after 15 s), and streams "
    "that another producer adopted.",
    {"change": tuple(ProducerChange)},
)
LIVE_PUBLISH_SOCKETS = Gauge(
    "stream_live_publish_sockets",
    "Open sockets of producers. They count for MAX_CONNECTIONS, and are not in stream_connections_active.",
)
LIVE_APPENDS = Counter("stream_live_appends_total", "Appends of producers that were stored: tokens, or some together.")
LIVE_SOURCE_BYTES = Counter("stream_live_source_bytes_total", "Source of live streams that was stored.", unit="bytes")
LIVE_REFUSALS = Counter(
    "stream_live_refusals_total",
    "Requests of producers that were refused, by reason; unavailable is a failure of the service.",
    {"reason": tuple(RefusedAppend)},
)
LIVE_COMMIT = Histogram(
    "stream_live_commit_seconds",
    "Commits of the store of live streams, each with the appends of all streams that waited.",
    unit="seconds",
    buckets=(0.005, 0.025, 0.1, 0.25, 1),
)
LIVE_DURABLE_LAG = Histogram(
    "stream_live_durable_lag_seconds",
    "From the arrival of the oldest append of a commit until it was stored, and thereby shown to readers.",
    unit="seconds",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5),
)
LIVE_UNDURABLE = Gauge(
    "stream_live_undurable_bytes", "Source that has arrived and is not stored, at the last commit.", unit="bytes"
)
LIVE_READERS = Gauge(
    "stream_live_readers",
    "Readers of live streams, by how they came: unasked, with a watch, or over HTTP (events).",
    {"way": tuple(ReadingWay)},
)
LIVE_READS = Counter(
    "stream_live_reads_total", "Readers that receive no more of a stream, by how it ended.", {"end": tuple(ReadingEnd)}
)
LIVE_LATE_READERS = Counter(
    "stream_live_late_readers_total", "Readers that came when there was something to show already."
)
LIVE_CHUNKS = Counter("stream_live_chunks_total", "Chunks of live streams that were sent to readers.")
LIVE_REPLACEMENTS = Counter(
    "stream_live_replacements_total", "Those of the chunks that replaced what was sent before: a guess was wrong."
)
LIVE_SOURCE_TO_SOCKET = Histogram(
    "stream_live_source_to_socket_seconds",
    "From the arrival of the oldest source in a chunk at the service until the chunk was sent, with the commit, the "
    "hold-back and the pace, and without the time for which its reader held it back.",
    unit="seconds",
    buckets=SOURCE_TO_SOCKET_SECONDS,
)
LIVE_GAP = Histogram(
    "stream_live_time_per_output_chunk_seconds",
    "Between two chunks of a live stream to one reader, without pauses.",
    unit="seconds",
    buckets=LIVE_GAP_SECONDS,
)
LIVE_FIRST_CHUNK = Histogram(
    "stream_live_time_to_first_chunk_seconds",
    "From the beginning of a reader to its first chunk, which includes the wait for the producer; without late readers "
    "and pauses.",
    unit="seconds",
    buckets=(0.01, 0.04, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 40.96),
    exemplar=True,
)
LIVE_FIRST_APPENDS = Histogram(
    "stream_live_appends_to_first_chunk",
    "Appends, usually tokens, of a live stream until it had something to show; only of streams with readers.",
    buckets=FIRST_APPENDS,
)
LIVE_HELD_BACK = Histogram(
    "stream_live_hold_back_seconds",
    "How long an undecided end of Markdown or HTML was held back before readable text of it was shown; ends that were "
    "not held back are not counted.",
    unit="seconds",
    buckets=HELD_BACK_SECONDS,
)
LIVE_DEFINITION_WAIT = Histogram(
    "stream_live_definition_wait_seconds",
    "How long readers of settled blocks waited for a definition, or for the end, because an earlier block could refer "
    "to it; no part of the hold-back.",
    unit="seconds",
    buckets=DEFINITION_WAIT_SECONDS,
)
LIVE_AWAITING_DEFINITION = Gauge(
    "stream_live_readers_awaiting_definition", "Readers of settled blocks that wait for a definition."
)
LIVE_METRICS = tuple(value for value in list(globals().values()) if isinstance(value, Metric))
LIVE_COUNTED = (LIVE_SOURCE_TO_SOCKET, LIVE_GAP, LIVE_FIRST_APPENDS, LIVE_HELD_BACK, LIVE_DEFINITION_WAIT)
"""The histograms whose observations ``LiveMeter`` counts."""

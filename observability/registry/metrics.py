"""All metrics. Nothing is counted that is not declared here.

All label values are known in advance, and every combination that can happen exists from the start at 0: a counter that
is absent before its first error shows no increase at that error. No label contains an id, an address or text from a
client.
"""

from itertools import product

from observability.registry import process_metrics
from observability.registry.access_metrics import *  # noqa: F403 - this module has all metrics
from observability.registry.live_metrics import *  # noqa: F403 - this module has all metrics
from observability.registry.metric_types import (
    OTHER,
    AdmittedBy,
    Counter,
    Gauge,
    Histogram,
    Lookup,
    Metric,
    RecoveryKind,
    StreamState,
)
from observability.registry.process_metrics import *  # noqa: F403 - this module has all metrics
from service.content.html.removal import Removal
from service.content.stage import Stage
from service.events import (
    CHUNK_LAG_SECONDS,
    OPERATIONS,
    AttemptOutcome,
    CacheTier,
    CloseReason,
    ContentWorker,
    Dependency,
    DropReason,
    KilledBecause,
    Operation,
    Outcome,
    Phase,
    RefusedBecause,
    StoreLimit,
)
from service.protocol.errors import ErrorCode
from service.protocol.messages import ClientMessageType, ContentType, RefusalReason
from service.protocol.server_messages import SERVER_MESSAGE_TYPES

_PROCESSING_SECONDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 5)
_STAGE_SECONDS = (0.025, 0.1, 0.5, 2.5)
_FIRST_CHUNK_SECONDS = (0.01, 0.05, 0.1, 0.25, 0.35, 0.5, 0.65, 0.8, 1, 1.2, 1.5, 2, 2.5, 3.5, 5, 10)
"""In small steps from the objective on: Prometheus interpolates a quantile between two of them, so that the next
one limits how far it is from what clients measure."""
_COARSE_SECONDS = (0.025, 0.1, 0.25, 0.5, 1, 10)
_CALL_SECONDS = (0.025, 0.1, 0.25, 1)

_CONTENT_TYPE = {"content_type": tuple(ContentType)}
_CONTENT_WORKER = {"content_worker": tuple(ContentWorker)}
_DEPENDENCY = {"dependency": tuple(Dependency)}
_CALLED = frozenset((dependency, call) for dependency, calls in OPERATIONS.items() for call in calls)

# Connections

CONNECTIONS_ACTIVE = Gauge("stream_connections_active", "Open WebSocket connections.")
CONNECTIONS_OPENED = Counter("stream_connections_opened_total", "Connections that began with an open session.")
CONNECTION_ATTEMPTS = Counter(
    "stream_connection_attempts_total",
    "Handshakes by outcome; error and refused_capacity are failures of the service. Of readers by server-sent events, "
    "those that a limit of connections refused: refused_address and refused_capacity.",
    {"outcome": tuple(AttemptOutcome)},
)
CONNECTION_CLOSES = Counter(
    "stream_connection_closes_total", "Connections that ended, by reason.", {"reason": tuple(CloseReason)}
)
CONNECTION_DURATION = Histogram(
    "stream_connection_duration_seconds",
    "Duration of connections.",
    unit="seconds",
    buckets=(1, 10, 60, 300, 900, 1800, 3600, 7200),
)

# Sockets, from the accept until they have a session

PENDING_SOCKETS = Gauge("stream_pending_sockets", "Open sockets that have no session.")
SOCKETS_DROPPED = Counter(
    "stream_sockets_dropped_total",
    "Sockets without a session that were closed, by reason.",
    {"reason": tuple(DropReason)},
)
SOCKET_LIMIT = Gauge(
    "stream_socket_limit", "Sockets of clients that each process may have open, by its descriptors.", workers="min"
)
ACCEPT_PAUSES = Counter("stream_accept_pauses_total", "Times that a process could accept no socket for a while.")

# Messages

MESSAGES_RECEIVED = Counter(
    "stream_messages_received_total",
    "Messages from clients by type; other: not a message of the protocol.",
    {"type": (*ClientMessageType, OTHER)},
)
MESSAGES_SENT = Counter(
    "stream_messages_sent_total", "Messages to clients by type.", {"type": tuple(SERVER_MESSAGE_TYPES.values())}
)
RECEIVED_BYTES = Counter("stream_received_bytes_total", "Payload of messages from clients.", unit="bytes")
SENT_BYTES = Counter("stream_sent_bytes_total", "Payload of messages to clients.", unit="bytes")

# Requests and streams

REQUESTS = Counter(
    "stream_requests_total",
    "Stream requests by outcome, each counted once, also after recoveries; error is a failure of the service. "
    "taken_over: it was queued on a connection whose stream another connection recovered; other: a request that could "
    "not be decoded.",
    {"content_type": (*ContentType, OTHER), "outcome": tuple(Outcome)},
    only=frozenset({*product(ContentType, Outcome), (OTHER, Outcome.REJECTED)}),
)
REQUESTS_ADMITTED = Counter(
    "stream_requests_admitted_total",
    "Requests that a connection took on: its own, and streams that it recovered from another one.",
    {"by": tuple(AdmittedBy)},
)
REQUESTS_ENDED = Counter(
    "stream_requests_ended_total", "Requests taken on that have ended on their connection, in any way."
)
REQUESTS_ACTIVE = Gauge(
    "stream_requests_active", "Requests taken on that have not ended: queued, in preparation or being streamed."
)
ERRORS = Counter("stream_errors_total", "Errors sent to clients, by code.", {"code": tuple(ErrorCode)})
RATE_LIMIT_HITS = Counter(
    "stream_rate_limit_hits_total", "Requests over a limit, by the scope of the limit.", {"scope": ("session",)}
)
PROCESSING_DURATION = Histogram(
    "stream_processing_duration_seconds",
    "Preparation of a request, from the head of the queue to its plan.",
    _CONTENT_TYPE,
    "seconds",
    buckets=_PROCESSING_SECONDS,
    exemplar=True,
)
STAGE_DURATION = Histogram(
    "stream_stage_duration_seconds",
    "One stage of preparation.",
    {"stage": tuple(stage for stage in Stage if stage is not Stage.WAIT)},
    "seconds",
    buckets=_STAGE_SECONDS,
)
CONTENT_BYTES = Histogram(
    "stream_content_bytes",
    "Size of the content of admitted requests.",
    _CONTENT_TYPE,
    "bytes",
    buckets=tuple(256.0 * 8**step for step in range(5)),
)
REMOVED = Counter(
    "stream_removed_total",
    "Parts of streamed content that sanitising removed, by kind.",
    {"kind": tuple(Removal)},
)
CHUNKS = Histogram(
    "stream_chunks",
    "Chunks of a plan.",
    _CONTENT_TYPE,
    buckets=(1, 50, 100, 200, 500, 5000),
)
TIME_TO_FIRST_CHUNK = Histogram(
    "stream_time_to_first_chunk_seconds",
    "Response time, from the arrival of a request to its first chunk, without the wait for earlier requests of the "
    "connection and without pauses.",
    _CONTENT_TYPE,
    "seconds",
    buckets=_FIRST_CHUNK_SECONDS,
    exemplar=True,
)
REQUEST_PHASE = Histogram(
    "stream_request_phase_seconds",
    "Parts of the time to the first chunk: admission by the session store, queue behind earlier requests, content_wait "
    "for a content worker, work, store; each is 0 if it did not occur. And the handshake.",
    {"phase": tuple(Phase)},
    "seconds",
    buckets=_CALL_SECONDS,
)
STREAM_DURATION = Histogram(
    "stream_duration_seconds",
    "From stream_start to the end of the stream on that connection; time after a recovery is not counted.",
    unit="seconds",
    buckets=(0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600),
    exemplar=True,
)
RECOVERIES = Counter(
    "stream_recoveries_total",
    "Recoveries of streams by kind, and refused ones by reason.",
    {"result": (*RecoveryKind, *RefusalReason)},
)
RECOVERY_DURATION = Histogram(
    "stream_recovery_seconds",
    "From a recovery request until the stream continues.",
    unit="seconds",
    buckets=_COARSE_SECONDS,
)
CLIENT_FIRST_CHUNK = Histogram(
    "stream_client_first_chunk_seconds",
    "Response time as clients reported it, with connecting and the network; a claim of the client.",
    unit="seconds",
    buckets=_COARSE_SECONDS,
    exemplar=True,
)
CLIENT_GAP = Histogram(
    "stream_client_gap_seconds",
    "Longest time between two chunks of a stream, as clients reported it, lost connections included.",
    unit="seconds",
    buckets=(0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
    exemplar=True,
)
CLIENT_BREAKS = Counter(
    "stream_client_breaks_total", "Connections lost during a stream, as clients reported them at its end."
)
ACTIVE_STREAMS = Gauge("stream_active_streams", "Active streams.", {"state": tuple(StreamState)})

# Content work

CONTENT_QUEUE = Gauge(
    "stream_content_queue_length",
    "Requests that wait for a content worker or are in progress there.",
    _CONTENT_WORKER,
)
CONTENT_WAIT = Histogram(
    "stream_content_wait_seconds",
    "How long requests waited for their turn at a content worker.",
    _CONTENT_WORKER,
    "seconds",
    buckets=_COARSE_SECONDS,
)
CONTENT_CPU = Counter(
    "stream_content_cpu_seconds_total",
    "Processor time of content workers: 1 a second is one core.",
    _CONTENT_WORKER,
    "seconds",
)
CONTENT_REFUSED = Counter(
    "stream_content_refused_total",
    "Requests refused with SERVER_BUSY, by reason.",
    {**_CONTENT_WORKER, "reason": tuple(RefusedBecause)},
)
CONTENT_KILLED = Counter(
    "stream_content_killed_total",
    "Requests that ended with the process that prepared their content, by reason.",
    {"reason": tuple(KilledBecause)},
)

# Pace

CHUNK_LAG = Histogram(
    "stream_chunk_lag_seconds",
    "How late each chunk was sent, without the time for which its client held it back; skipped streams have no pace.",
    unit="seconds",
    buckets=CHUNK_LAG_SECONDS,
)
CHUNK_SEND = Histogram(
    "stream_chunk_send_seconds",
    "How long chunks waited for a full socket; chunks that did not wait are not counted.",
    unit="seconds",
    buckets=_COARSE_SECONDS,
)
BACKPRESSURE = Counter("stream_backpressure_total", "Times that backpressure was applied to a connection.")
PAUSED_SECONDS = Counter(
    "stream_paused_seconds_total", "Time for which streams were paused, counted when they end.", unit="seconds"
)

# Dependencies

DEPENDENCY_UP = Gauge(
    "stream_dependency_up",
    "0 while it is unavailable for a worker, or in memory instead of a file, else 1; absent if not configured.",
    _DEPENDENCY,
    workers="min",
)
DEPENDENCY_ERRORS = Counter("stream_dependency_errors_total", "Failed calls of a dependency.", _DEPENDENCY)
DEPENDENCY_CALLS = Histogram(
    "stream_dependency_call_seconds",
    "Calls of a dependency, until the answer, the error or the deadline; absent if it is not configured.",
    {
        "dependency": tuple(OPERATIONS),
        "operation": tuple(Operation),
    },
    "seconds",
    only=_CALLED,
    buckets=_CALL_SECONDS,
)
PLAN_CACHE_LOOKUPS = Counter(
    "stream_plan_cache_lookups_total",
    "Lookups of plans in a cache; the shared cache is queried after a miss in memory.",
    {"tier": tuple(CacheTier), "result": tuple(Lookup)},
)
STORE_BYTES = Gauge(
    "stream_store_bytes",
    "Bytes of the session store: of the file, or of sessions and streams in Redis.",
    unit="bytes",
    workers="max",
)
STORE_LIMIT = Gauge(
    "stream_store_limit_bytes", "Limit of stream_store_bytes: STORE_MAX_BYTES.", unit="bytes", workers="max"
)
STORE_SESSIONS = Gauge(
    "stream_store_sessions", "Sessions in the session store. The limit is STORE_MAX_SESSIONS.", workers="max"
)
STORE_REFUSALS = Counter(
    "stream_store_refusals_total",
    "Streams (bytes) and sessions (sessions) that the store did not keep because of a limit.",
    {"limit": tuple(StoreLimit)},
)
USAGE_DROPPED = Counter(
    "stream_usage_dropped_total", "Usage rows that were lost, because neither the queue nor the file could take them."
)

_OF_THE_PROCESS = set(vars(process_metrics))
METRICS: tuple[Metric, ...] = tuple(
    value
    for name, value in sorted(globals().items(), key=lambda named: named[0] in _OF_THE_PROCESS)
    if isinstance(value, Metric)
)
"""Those of the process after the others."""

"""The events that the service records, for metrics, logs, traces, Sentry and usage.

The session machine returns events, adapters add their own, and one recorder receives them all. Ids are for logs and
spans; only enums and booleans may become metric labels. Durations are in seconds, sizes in bytes of UTF-8. No event
but ``ChunkSent`` carries the content of a client.
"""

from service.events.access import (
    KeyMade,
    QuotaRefused,
    QuotasUnavailable,
    RevocationsRead,
    TokenCarrier,
    TokenChecked,
    TokenKeysFetched,
    TokenRefused,
    TokensRevoked,
)
from service.events.calls import OPERATIONS, DataSystem, DependencyCalled, Operation
from service.events.connections import (
    CHUNK_LAG_SECONDS,
    AttemptOutcome,
    BackpressureApplied,
    BackpressureReleased,
    ChunkLags,
    CloseReason,
    ConnectionAttempted,
    ConnectionClosed,
    ConnectionOpened,
    ErrorSent,
    MessageReceived,
    MessagesSent,
    SessionJoined,
)
from service.events.live import (
    AppendRefused,
    Distribution,
    LiveAppendsStored,
    LiveFirstChunkSent,
    LiveMeasured,
    LiveOutcome,
    LiveReaderAttached,
    LiveReaderDetached,
    LiveStreamAdopted,
    LiveStreamCreated,
    LiveStreamEnded,
    LiveStreamsCounted,
    ProducerContinued,
    ProducerLost,
    ProducerStalled,
    PublishSocketsCounted,
    ReadingEnd,
    ReadingWay,
    RefusedAppend,
)
from service.events.live_meter import (
    DEFINITION_WAIT_SECONDS,
    FIRST_APPENDS,
    HELD_BACK_SECONDS,
    LIVE_GAP_SECONDS,
    SOURCE_TO_SOCKET_SECONDS,
    LiveChunk,
    LiveMeter,
)
from service.events.process import (
    ContentQueueChanged,
    ContentRefused,
    ContentWorked,
    ContentWorker,
    ContentWorkKilled,
    DeathReason,
    Dependency,
    DependencyChanged,
    DependencyFailed,
    DrainEnded,
    DrainStarted,
    FaultRaised,
    FaultSource,
    HttpRequestServed,
    KilledBecause,
    ListenerPurpose,
    LoopLagMeasured,
    LoopStalled,
    RefusedBecause,
    ServerListening,
    ServerStarted,
    StoredInMemory,
    StoreLimit,
    StoreLimitReached,
    StoreMeasured,
    WorkerReplaced,
)
from service.events.sockets import (
    AcceptPaused,
    AcceptResumed,
    DropReason,
    PendingSocketsCounted,
    SocketDropped,
    SocketLimitSet,
)
from service.events.stream_times import Phase, StreamTimes, phases
from service.events.streams import (
    CacheQueried,
    CacheTier,
    ChunkSent,
    ClientReported,
    FallbackUsed,
    FirstChunkSent,
    Outcome,
    RateLimitApproached,
    RateLimitHit,
    RecoveryRefused,
    RequestAdmitted,
    RequestRejected,
    StreamEnded,
    StreamPauseChanged,
    StreamRecovered,
    StreamSkipRequested,
    StreamStarted,
    UsageDropped,
)

LiveEvent = (
    LiveStreamCreated
    | LiveAppendsStored
    | AppendRefused
    | LiveStreamAdopted
    | LiveStreamEnded
    | ProducerStalled
    | ProducerContinued
    | ProducerLost
    | LiveStreamsCounted
    | LiveReaderAttached
    | LiveFirstChunkSent
    | LiveReaderDetached
    | LiveMeasured
    | PublishSocketsCounted
)
"""Those of live streams."""

Event = (
    ConnectionAttempted
    | ConnectionOpened
    | SessionJoined
    | ConnectionClosed
    | MessageReceived
    | ErrorSent
    | RequestRejected
    | RequestAdmitted
    | RateLimitApproached
    | RateLimitHit
    | StreamStarted
    | FallbackUsed
    | FirstChunkSent
    | ChunkSent
    | StreamRecovered
    | RecoveryRefused
    | StreamPauseChanged
    | StreamSkipRequested
    | StreamEnded
    | ClientReported
    | BackpressureApplied
    | BackpressureReleased
    | MessagesSent
    | LoopLagMeasured
    | LoopStalled
    | DependencyCalled
    | DependencyChanged
    | DependencyFailed
    | StoredInMemory
    | StoreLimitReached
    | StoreMeasured
    | CacheQueried
    | UsageDropped
    | ContentQueueChanged
    | ContentWorked
    | ContentRefused
    | ContentWorkKilled
    | HttpRequestServed
    | FaultRaised
    | ServerStarted
    | ServerListening
    | WorkerReplaced
    | AcceptPaused
    | AcceptResumed
    | PendingSocketsCounted
    | SocketDropped
    | SocketLimitSet
    | DrainStarted
    | DrainEnded
    | TokenChecked
    | TokenRefused
    | TokenKeysFetched
    | KeyMade
    | TokensRevoked
    | RevocationsRead
    | QuotaRefused
    | QuotasUnavailable
    | LiveEvent
)

__all__ = [
    "CHUNK_LAG_SECONDS",
    "DEFINITION_WAIT_SECONDS",
    "FIRST_APPENDS",
    "HELD_BACK_SECONDS",
    "LIVE_GAP_SECONDS",
    "OPERATIONS",
    "SOURCE_TO_SOCKET_SECONDS",
    "AcceptPaused",
    "AcceptResumed",
    "AppendRefused",
    "AttemptOutcome",
    "BackpressureApplied",
    "BackpressureReleased",
    "CacheQueried",
    "CacheTier",
    "ChunkLags",
    "ChunkSent",
    "ClientReported",
    "CloseReason",
    "ConnectionAttempted",
    "ConnectionClosed",
    "ConnectionOpened",
    "ContentQueueChanged",
    "ContentRefused",
    "ContentWorkKilled",
    "ContentWorked",
    "ContentWorker",
    "DataSystem",
    "DeathReason",
    "Dependency",
    "DependencyCalled",
    "DependencyChanged",
    "DependencyFailed",
    "Distribution",
    "DrainEnded",
    "DrainStarted",
    "DropReason",
    "ErrorSent",
    "Event",
    "FallbackUsed",
    "FaultRaised",
    "FaultSource",
    "FirstChunkSent",
    "HttpRequestServed",
    "KeyMade",
    "KilledBecause",
    "ListenerPurpose",
    "LiveAppendsStored",
    "LiveChunk",
    "LiveEvent",
    "LiveFirstChunkSent",
    "LiveMeasured",
    "LiveMeter",
    "LiveOutcome",
    "LiveReaderAttached",
    "LiveReaderDetached",
    "LiveStreamAdopted",
    "LiveStreamCreated",
    "LiveStreamEnded",
    "LiveStreamsCounted",
    "LoopLagMeasured",
    "LoopStalled",
    "MessageReceived",
    "MessagesSent",
    "Operation",
    "Outcome",
    "PendingSocketsCounted",
    "Phase",
    "ProducerContinued",
    "ProducerLost",
    "ProducerStalled",
    "PublishSocketsCounted",
    "QuotaRefused",
    "QuotasUnavailable",
    "RateLimitApproached",
    "RateLimitHit",
    "ReadingEnd",
    "ReadingWay",
    "RecoveryRefused",
    "RefusedAppend",
    "RefusedBecause",
    "RequestAdmitted",
    "RequestRejected",
    "RevocationsRead",
    "ServerListening",
    "ServerStarted",
    "SessionJoined",
    "SocketDropped",
    "SocketLimitSet",
    "StoreLimit",
    "StoreLimitReached",
    "StoreMeasured",
    "StoredInMemory",
    "StreamEnded",
    "StreamPauseChanged",
    "StreamRecovered",
    "StreamSkipRequested",
    "StreamStarted",
    "StreamTimes",
    "TokenCarrier",
    "TokenChecked",
    "TokenKeysFetched",
    "TokenRefused",
    "TokensRevoked",
    "UsageDropped",
    "WorkerReplaced",
    "phases",
]

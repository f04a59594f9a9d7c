"""What happened, in the past tense: the vocabulary of observability.

The machine returns events, the transport adds its own, one recorder gets them all. Ids are for logs and spans;
only enums and bools may become metric labels. Durations are in seconds, sizes in UTF-8 bytes. Of content there is
only ``RequestAdmitted.request``, which is for a line at DEBUG and for nothing else.
"""

from service.events.connections import (
    AttemptOutcome,
    BackpressureApplied,
    BackpressureReleased,
    CloseReason,
    ConnectionAttempted,
    ConnectionClosed,
    ConnectionOpened,
    ErrorAnswered,
    MessageReceived,
    MessagesSent,
)
from service.events.process import (
    Dependency,
    DependencyChanged,
    DependencyFailed,
    DrainBegan,
    DrainEnded,
    FaultRaised,
    FaultSource,
    HttpAnswered,
    ListenerPurpose,
    LoopProbed,
    ServerListening,
    ServerStarted,
    StoredInMemory,
    Swept,
    WorkerReplaced,
)
from service.events.streams import (
    CacheAsked,
    CacheTier,
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

Event = (
    ConnectionAttempted
    | ConnectionOpened
    | ConnectionClosed
    | MessageReceived
    | ErrorAnswered
    | RequestRejected
    | RequestAdmitted
    | RateLimitApproached
    | RateLimitHit
    | StreamStarted
    | FallbackUsed
    | FirstChunkSent
    | StreamRecovered
    | RecoveryRefused
    | StreamPauseChanged
    | StreamSkipRequested
    | StreamEnded
    | BackpressureApplied
    | BackpressureReleased
    | Swept
    | MessagesSent
    | LoopProbed
    | DependencyChanged
    | DependencyFailed
    | StoredInMemory
    | CacheAsked
    | UsageDropped
    | HttpAnswered
    | FaultRaised
    | ServerStarted
    | ServerListening
    | WorkerReplaced
    | DrainBegan
    | DrainEnded
)

__all__ = [
    "AttemptOutcome",
    "BackpressureApplied",
    "BackpressureReleased",
    "CacheAsked",
    "CacheTier",
    "CloseReason",
    "ConnectionAttempted",
    "ConnectionClosed",
    "ConnectionOpened",
    "Dependency",
    "DependencyChanged",
    "DependencyFailed",
    "DrainBegan",
    "DrainEnded",
    "ErrorAnswered",
    "Event",
    "FallbackUsed",
    "FaultRaised",
    "FaultSource",
    "FirstChunkSent",
    "HttpAnswered",
    "ListenerPurpose",
    "LoopProbed",
    "MessageReceived",
    "MessagesSent",
    "Outcome",
    "RateLimitApproached",
    "RateLimitHit",
    "RecoveryRefused",
    "RequestAdmitted",
    "RequestRejected",
    "ServerListening",
    "ServerStarted",
    "StoredInMemory",
    "StreamEnded",
    "StreamPauseChanged",
    "StreamRecovered",
    "StreamSkipRequested",
    "StreamStarted",
    "Swept",
    "UsageDropped",
    "WorkerReplaced",
]

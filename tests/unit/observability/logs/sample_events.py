"""One event of each kind that is logged."""

import pytest

from service.access.principal import AccessRefusal, Principal
from service.access.quota import QuotaOwner
from service.access.scope import Grant
from service.content.html.removal import Removal
from service.content.stage import Stage
from service.events import (
    AcceptPaused,
    AcceptResumed,
    AttemptOutcome,
    BackpressureApplied,
    BackpressureReleased,
    ChunkSent,
    ClientReported,
    CloseReason,
    ConnectionAttempted,
    ConnectionClosed,
    ConnectionOpened,
    ContentWorkKilled,
    DeathReason,
    Dependency,
    DependencyChanged,
    DrainEnded,
    DrainStarted,
    DropReason,
    ErrorSent,
    Event,
    FallbackUsed,
    FaultRaised,
    FaultSource,
    FirstChunkSent,
    HttpRequestServed,
    KeyMade,
    KilledBecause,
    ListenerPurpose,
    LoopLagMeasured,
    LoopStalled,
    Outcome,
    PendingSocketsCounted,
    QuotaRefused,
    RateLimitApproached,
    RecoveryRefused,
    RequestAdmitted,
    ServerListening,
    ServerStarted,
    SessionJoined,
    SocketDropped,
    SocketLimitSet,
    StoredInMemory,
    StoreLimit,
    StoreLimitReached,
    StreamEnded,
    StreamPauseChanged,
    StreamRecovered,
    StreamSkipRequested,
    StreamStarted,
    TokenCarrier,
    TokenRefused,
    TokensRevoked,
    UsageDropped,
    WorkerReplaced,
)
from service.protocol.errors import ErrorCode
from service.protocol.messages import ChunkBy, Complexity, ContentType, HtmlMode, RefusalReason, Speed
from service.protocol.quota_kind import QuotaKind
from service.protocol.trace import Trace
from tests.unit.sample_live import live_events
from tests.unit.sample_times import TIMES

TRACE = Trace("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", sampled=True)
SESSION_ID = "an-editor-of-articles"
SUBJECT = "u-1"
STREAM_ID = "5d129dce0f7a4c3b9d2e1f0a5d129dce"
SECRET = "hunter-2"
"""A value of a local variable in the traceback of ``fault``."""

OPENED = ConnectionOpened("c", SESSION_ID, 0, subject=SUBJECT)
CLOSED = ConnectionClosed("c", SESSION_ID, CloseReason.CLIENT, 1000, 30.0, 5, SUBJECT)
ADMITTED = RequestAdmitted(
    connection_id="c",
    session_id=SESSION_ID,
    stream_id=STREAM_ID,
    trace=TRACE,
    content_type=ContentType.TEXT,
    speed=Speed.ADAPTIVE,
    chunk_by=ChunkBy.WORD,
    html_mode=HtmlMode.FRAGMENT,
    has_request_id=False,
    content_bytes=1234,
    number=5,
    times=TIMES,
    subject=SUBJECT,
)
STARTED = StreamStarted(
    connection_id="c",
    session_id=SESSION_ID,
    stream_id=STREAM_ID,
    trace=TRACE,
    content_type=ContentType.TEXT,
    complexity=Complexity.HIGH,
    speed=Speed.NORMAL,
    adaptive=True,
    word_count=900,
    removed={Removal.SUBTREE: 1, Removal.STYLE: 2},
    chunks=45,
    times=TIMES,
    processing_seconds=0.2,
    stages=(),
    paused=False,
)
FALLBACK = FallbackUsed("c", SESSION_ID, STREAM_ID, TRACE, ContentType.TEXT, Stage.CHUNK)
LIMIT_APPROACHED = RateLimitApproached(SESSION_ID, 80, 100)


def ended(outcome: Outcome = Outcome.COMPLETED, *, error: ErrorCode | None = None, chunks: int = 45) -> StreamEnded:
    return StreamEnded(
        connection_id="c",
        session_id=SESSION_ID,
        stream_id=STREAM_ID,
        trace=TRACE,
        content_type=ContentType.TEXT,
        outcome=outcome,
        paused=False,
        chunks=chunks,
        bytes=1234,
        paused_seconds=1.5,
        times=TIMES,
        resumable=outcome is Outcome.DISCONNECTED,
        error=error,
        subject=SUBJECT,
    )


def recovered(*, repeated: bool = False) -> StreamRecovered:
    return StreamRecovered(
        connection_id="d",
        session_id=SESSION_ID,
        stream_id=STREAM_ID,
        trace=TRACE,
        content_type=ContentType.TEXT,
        next_index=0 if repeated else 20,
        chunks=45,
        takeovers=1,
        repeated=repeated,
        times=TIMES,
        paused=False,
    )


SETTINGS = {
    "ALLOWED_ORIGINS": "*",
    "AUTH_MODE": "none",
    "HOST": "0.0.0.0",
    "LOG_CONTENT": "on",
    "METRICS_TOKEN": "",
    "METRICS_PORT": "",
}
"""The settings that have a line of their own at the start."""


def error_sent(
    code: ErrorCode = ErrorCode.INVALID_SPEED, text: str = "speed 'oops' is unknown.", *, fault: bool = False
) -> ErrorSent:
    """As the session machine records it; a request over the rate limit has no stream."""
    if code is ErrorCode.RATE_LIMIT_EXCEEDED:
        return ErrorSent("c", SESSION_ID, code, text, fault)
    return ErrorSent("c", SESSION_ID, code, text, fault, STREAM_ID, TRACE)


def fault(source: FaultSource, text: str = "text") -> FaultRaised:
    """An exception with a text of its own and ``SECRET`` in a local variable."""

    def fail(secret: str) -> None:
        raise ValueError(text, len(secret))

    with pytest.raises(ValueError, match="8") as caught:
        fail(SECRET)
    principal = Principal("", SUBJECT, SUBJECT, Grant(frozenset()))
    return FaultRaised("e-1", source, caught.value, "c", SESSION_ID, STREAM_ID, TRACE, principal)


def all_events() -> list[Event]:
    """Each event that is logged, in each of its kinds."""
    return [
        ServerStarted("2.4.1", SETTINGS, ("AUTHMODE",)),
        ServerListening("127.0.0.1", 8000, ListenerPurpose.STREAMS),
        WorkerReplaced(1, 4711, -9, DeathReason.HUNG, 3, 2, "epoll (loop.py:1) < run (loop.py:2)"),
        SocketLimitSet(sockets=4000, descriptors=8192, needed=4128),
        SocketLimitSet(sockets=896, descriptors=1024, needed=4128),
        PendingSocketsCounted(3),
        *(SocketDropped(reason) for reason in DropReason),
        AcceptPaused("Too many open files"),
        AcceptResumed(0.5),
        StoredInMemory(Dependency.SESSION_STORE, "Permission denied"),
        StoreLimitReached(StoreLimit.BYTES, SESSION_ID),
        LoopLagMeasured(0.25),
        LoopStalled(0.5, 0.5, ended=True, frame="service/content/plan.py:7 prepare"),
        *(ConnectionAttempted(outcome, SESSION_ID) for outcome in AttemptOutcome),
        OPENED,
        SessionJoined("c", SESSION_ID, 3, "1", 60.0),
        ADMITTED,
        STARTED,
        FALLBACK,
        FirstChunkSent(STREAM_ID, TRACE, ContentType.TEXT, 0.01),
        ChunkSent(STREAM_ID, TRACE, 0, "A chunk."),
        BackpressureApplied("c", SESSION_ID, STREAM_ID, TRACE),
        BackpressureReleased("c", SESSION_ID, STREAM_ID, TRACE, 0.5),
        StreamPauseChanged(SESSION_ID, STREAM_ID, TRACE, paused=True),
        StreamPauseChanged(SESSION_ID, STREAM_ID, TRACE, paused=False),
        StreamSkipRequested(SESSION_ID, STREAM_ID, TRACE),
        recovered(),
        RecoveryRefused("c", SESSION_ID, "a word", RefusalReason.UNKNOWN),
        ended(),
        ended(Outcome.ERROR, error=ErrorCode.INTERNAL_ERROR),
        ClientReported(SESSION_ID, STREAM_ID, TRACE, 0.25, 0.5, 1),
        *(error_sent(code) for code in ErrorCode),
        error_sent(ErrorCode.INTERNAL_ERROR, fault=True),
        LIMIT_APPROACHED,
        DependencyChanged(Dependency.DATABASE, up=False, reason="ConnectionRefusedError"),
        DependencyChanged(Dependency.DATABASE, up=True),
        UsageDropped(3),
        *(TokenRefused(reason, TokenCarrier.HEADER, SESSION_ID) for reason in AccessRefusal),
        QuotaRefused(QuotaKind.REQUESTS, QuotaOwner.PRINCIPAL, SESSION_ID, SUBJECT),
        KeyMade("k_1", SUBJECT, "root"),
        TokensRevoked("https://issuer.example", "t-1", "", "root"),
        TokensRevoked("https://issuer.example", "", SUBJECT, "root"),
        ContentWorkKilled(KilledBecause.CPU, ContentType.HTML),
        fault(FaultSource.CONTENT),
        HttpRequestServed("GET", "/health", 200, 0.001),
        *live_events(TRACE, SESSION_ID, STREAM_ID, SUBJECT),
        CLOSED,
        DrainStarted(1),
        DrainEnded(0.1, 0),
    ]

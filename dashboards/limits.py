"""The threshold lines in panels, each with the alerts that fire beyond it."""

from typing import Final

from dashboards import thresholds
from dashboards.panels import Limit

PROCESSING: Final = Limit(thresholds.PROCESSING_P95_SECONDS, ("SlowProcessing",))
CONTENT_WAIT: Final = Limit(thresholds.CONTENT_WAIT_P95_SECONDS, ("LongContentQueue",))
FIRST_CHUNK: Final = Limit(thresholds.FIRST_CHUNK_P95_SECONDS, ("SlowResponse",))
ERRORS: Final = Limit(thresholds.ERROR_SHARE, ("HighErrorRate",))
FAILURES: Final = Limit(thresholds.FAILURES_PER_HOUR, ("RequestsFailing",))
TRAFFIC: Final = Limit(thresholds.REQUESTS_PER_MINUTE, ("HighTraffic",))
CHUNKS: Final = Limit(thresholds.CHUNKS_P95, ("LargeContent",))
MEMORY: Final = Limit(thresholds.MEMORY_SHARE, ("HighMemory",))
CAPACITY: Final = Limit(1, ("ConnectionFailures",))
CONNECTION_FAILURES: Final = Limit(thresholds.CONNECTION_FAILURES_PER_5_MINUTES, ("ConnectionFailures",))
RATE_LIMIT_HITS: Final = Limit(thresholds.RATE_LIMIT_HITS_PER_5_MINUTES, ("RateLimitSurge",))
CLOSES_AT_A_LIMIT: Final = Limit(
    thresholds.CLOSES_AT_A_LIMIT_PER_5_MINUTES, ("SessionTimeoutSurge", "InputLimitSurge", "SlowClientSurge")
)
HANDSHAKES_REFUSED: Final = Limit(thresholds.HANDSHAKES_REFUSED_PER_5_MINUTES, ("HandshakeRefusalSurge",))
SOCKETS_EVICTED: Final = Limit(thresholds.SOCKETS_EVICTED_PER_5_MINUTES, ("SocketsEvicted",))
CONTENT_REFUSED: Final = Limit(thresholds.CONTENT_REFUSED_PER_5_MINUTES, ("ContentRefused",))
DEPENDENCY_ERRORS: Final = Limit(thresholds.DEPENDENCY_ERRORS_PER_5_MINUTES, ("DependencyErrors",))
RECOVERIES_FAILED: Final = Limit(thresholds.RECOVERIES_FAILED_PER_5_MINUTES, ("RecoveriesFailing",))
ACCEPT_PAUSES: Final = Limit(0, ("AcceptPaused",))
CONTENT_KILLED: Final = Limit(0, ("ContentWorkKilled",))
PACING_LAG: Final = Limit(thresholds.PACING_LAG_P99_SECONDS, ("PacingLag",))
LOOP_LAG: Final = Limit(thresholds.LOOP_LAG_P99_SECONDS, ("EventLoopLag",))
DROPPED: Final = Limit(0, ("TelemetryDropping",))
SINK_ERRORS: Final = Limit(0, ("TelemetryFailing",))
UNAVAILABLE_DEPENDENCIES: Final = Limit(1, ("SessionStoreDown", "DependencyDown"))
DEPENDENCY_CALLS: Final = Limit(thresholds.DEPENDENCY_CALL_P95_SECONDS, ("SlowDependency",))
STORE_REFUSALS: Final = Limit(0, ("StoreFull",))
USAGE_LOST: Final = Limit(0, ("UsageDropping",))
RESTARTS: Final = Limit(thresholds.RESTARTS_PER_15_MINUTES, ("Restarting",))
INSTANCES_DOWN: Final = Limit(1, ("ServiceDown", "NoTarget", "TargetDown"))

"""The threshold lines in panels, each with the alerts that fire beyond it. Their values are those of the alerts."""

from typing import Final

from dashboards.alerted import comparisons
from dashboards.panels import Limit


def _beyond(*alerts: str) -> Limit:
    """The thresholds of alerts, the lowest first."""
    lowest, *more = sorted({one.bound for alert in alerts for one in comparisons(alert)})
    return Limit(lowest, alerts, tuple(more))


PROCESSING: Final = _beyond("SlowProcessing")
CONTENT_WAIT: Final = _beyond("LongContentQueue")
FIRST_CHUNK: Final = _beyond("SlowResponse")
ERRORS: Final = _beyond("HighErrorRate")
FAILURES: Final = _beyond("RequestsFailing")
TRAFFIC: Final = _beyond("HighTraffic")
CHUNKS: Final = _beyond("LargeContent")
MEMORY: Final = _beyond("HighMemory")
CAPACITY: Final = Limit(1, ("ConnectionFailures",))
"""All places are taken: the next handshake is refused."""
CONNECTION_FAILURES: Final = _beyond("ConnectionFailures")
RATE_LIMIT_HITS: Final = _beyond("RateLimitSurge")
CLOSES_AT_A_LIMIT: Final = _beyond("SessionTimeoutSurge", "InputLimitSurge", "SlowClientSurge")
HANDSHAKES_REFUSED: Final = _beyond("HandshakeRefusalSurge")
SOCKETS_EVICTED: Final = _beyond("SocketsEvicted")
CONTENT_REFUSED: Final = _beyond("ContentRefused")
DEPENDENCY_ERRORS: Final = _beyond("DependencyErrors")
RECOVERIES_FAILED: Final = _beyond("RecoveriesFailing")
ACCEPT_PAUSES: Final = _beyond("AcceptPaused")
CONTENT_KILLED: Final = _beyond("ContentWorkKilled")
PACING_LAG: Final = _beyond("PacingLag")
LOOP_LAG: Final = _beyond("EventLoopLag")
DROPPED: Final = _beyond("TelemetryDropping")
SINK_ERRORS: Final = _beyond("TelemetryFailing")
DEPENDENCY_CALLS: Final = _beyond("SlowDependency")
STORE_REFUSALS: Final = _beyond("StoreFull")
USAGE_LOST: Final = _beyond("UsageDropping")
WORKER_DEATHS: Final = _beyond("WorkerDeaths", "WorkerHung")
RESTARTS: Final = _beyond("Restarting")
AVAILABILITY: Final = _beyond("AvailabilityBurnSlow", "AvailabilityBurnFast")
FIRST_CHUNKS: Final = _beyond("FirstChunkBurnSlow", "FirstChunkBurnFast")

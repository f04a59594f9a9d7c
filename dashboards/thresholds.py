"""The thresholds that panels draw as lines. A test compares them with the alerting rules.

Times are in seconds, shares between 0 and 1. A threshold over a histogram is one of its bucket boundaries, because a
quantile between two boundaries is an interpolation.
"""

from typing import Final

PROCESSING_P95_SECONDS: Final = 0.1
CONTENT_WAIT_P95_SECONDS: Final = 0.5
CHUNKS_P95: Final = 200
REQUESTS_PER_MINUTE: Final = 50
"""All instances together."""
ERROR_SHARE: Final = 0.05
FAILURES_PER_HOUR: Final = 5
"""Requests that failed or could not be made."""
FIRST_CHUNK_P95_SECONDS: Final = 0.5
MEMORY_SHARE: Final = 0.8
CONNECTION_FAILURES_PER_5_MINUTES: Final = 5
"""Handshakes that failed or found the instance at its capacity."""

DEPENDENCY_CALL_P95_SECONDS: Final = 0.25
LOOP_LAG_P99_SECONDS: Final = 0.1
PACING_LAG_P99_SECONDS: Final = 0.1
RATE_LIMIT_HITS_PER_5_MINUTES: Final = 50
CLOSES_AT_A_LIMIT_PER_5_MINUTES: Final = 50
"""Connections whose session has ended, or that sent more than they may; each by its reason."""
CONTENT_REFUSED_PER_5_MINUTES: Final = 20
"""Requests that waited for content workers in vain."""
DEPENDENCY_ERRORS_PER_5_MINUTES: Final = 20
RECOVERIES_FAILED_PER_5_MINUTES: Final = 20
HANDSHAKES_REFUSED_PER_5_MINUTES: Final = 50
SOCKETS_EVICTED_PER_5_MINUTES: Final = 50
RESTARTS_PER_15_MINUTES: Final = 3

"""What is too much: the one place of every threshold that rules, dashboards and documents speak of.

Times in seconds, shares between 0 and 1. A threshold over a histogram must be one of its bucket edges, or its
quantile would be a guess between two of them; a test holds that.
"""

from typing import Final

PROCESSING_P95_SECONDS: Final = 0.1
CHUNKS_P95: Final = 200
REQUESTS_PER_MINUTE: Final = 50
"""Of all instances together."""
ERROR_SHARE: Final = 0.05
FIRST_CHUNK_P95_SECONDS: Final = 0.5
MEMORY_SHARE: Final = 0.8
CONNECTION_FAILURES_PER_5_MINUTES: Final = 5
"""Handshakes that we failed or turned away for want of a seat."""

LOOP_LAG_P99_SECONDS: Final = 0.1
PACING_LAG_P99_SECONDS: Final = 0.1
RATE_LIMIT_HITS_PER_5_MINUTES: Final = 50
SESSION_TIMEOUTS_PER_5_MINUTES: Final = 50
RESTARTS_PER_15_MINUTES: Final = 3
LOW_TRAFFIC_REQUESTS_PER_5_MINUTES: Final = 20
"""Up to so many requests a share or a quantile says nothing, and no alert is raised from one."""
LOW_TRAFFIC_SWEEPS_PER_5_MINUTES: Final = 100
"""Up to so many sweeps of the ticker, the latest of a hundred is one that anything may have delayed."""

AVAILABILITY_OBJECTIVE: Final = 0.995
"""Of the streams that could have gone well, over 30 days."""
FIRST_CHUNK_OBJECTIVE: Final = 0.99
"""Of the streams, with their first chunk within ``FIRST_CHUNK_P95_SECONDS``, over 30 days."""
LOW_TRAFFIC_REQUESTS_PER_BURN_WINDOW: Final = 100
"""Up to so many requests in the longer window, one failure is a large part of the budget."""

SENTRY_EVENTS_OF_ONE_ISSUE_PER_HOUR: Final = 10
"""The same fault again and again: the service reports at most 10 of a kind a minute, so this is no flood."""
SENTRY_STORE_EVENTS_PER_5_MINUTES: Final = 5
"""Sessions that could not be opened or counted."""
SENTRY_EVENTS_PER_5_MINUTES: Final = 30
"""Faults of all kinds: a process reports at most 60 a minute of all, so that one kind alone comes to 50."""

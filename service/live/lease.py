"""When a producer counts as lost, and for how long its stream is kept. All times are those of the store, in seconds."""

from service.live.records import LiveState, LiveStatus

STALLED_SECONDS = 5.0
"""After this time without a sign of its producer, readers see that an open stream has stalled."""
LEASE_SECONDS = 15.0
"""After this time its producer counts as lost. A byte or a touch renews the lease."""


def live_state(status: LiveStatus, silent_seconds: float) -> LiveState:
    """Return what readers see of a stream whose producer was not heard of for this time."""
    if status is not LiveStatus.OPEN:
        return LiveState(status.value)
    if silent_seconds >= LEASE_SECONDS:
        return LiveState.INTERRUPTED
    return LiveState.STALLED if silent_seconds >= STALLED_SECONDS else LiveState.OPEN


def adoptable_seconds(resume_ttl: float) -> float:
    """Return for how long a producer may be silent: then its stream ends as ``error``, unless another adopts it."""
    return LEASE_SECONDS + resume_ttl

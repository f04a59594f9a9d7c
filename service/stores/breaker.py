"""Whether a dependency that failed is called, and when it is probed."""

FAILURES = 3
"""Consecutive failures that open the breaker: a single one may have its cause in the call."""
REST_SECONDS = 1.0


class Breaker:
    """Pure: time is an argument, in monotonic seconds.

    It is closed at first. Consecutive failures open it; while it is open there is one probe after each rest. Any
    answer closes it, even a late one.
    """

    def __init__(self, failures: int = FAILURES, rest_seconds: float = REST_SECONDS) -> None:
        self._max_failures = failures
        self._rest_seconds = rest_seconds
        self._failures = 0
        self._probe_at: float | None = None
        """Set while it is open."""

    @property
    def closed(self) -> bool:
        """Whether calls are made."""
        return self._probe_at is None

    def claim_probe(self, now: float) -> bool:
        """Whether it is open and the caller is to probe now; then no other caller is, until another rest is over."""
        if self._probe_at is None or now < self._probe_at:
            return False
        self._probe_at = now + self._rest_seconds
        return True

    def failed(self, now: float, *, conclusive: bool = False) -> bool:
        """Record a failure, which opens it at once if it is ``conclusive``; return whether this has opened it."""
        self._failures += 1
        if self._failures < self._max_failures and not conclusive:
            return False
        opens = self._probe_at is None
        self._probe_at = now + self._rest_seconds
        return opens

    def answered(self) -> bool:
        """Record an answer; return whether this has closed it."""
        closes = self._probe_at is not None
        self._failures = 0
        self._probe_at = None
        return closes

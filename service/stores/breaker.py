"""When a dependency that fails is left alone, and when it is asked again."""

FAILURES = 3
"""In a row: one may be chance."""
REST_SECONDS = 1.0


class Breaker:
    """Pure: time is an argument, in monotonic seconds.

    Closed at first. So many failures in a row open it; then nobody asks, but for one probe after each rest. Whatever
    is answered, even late, closes it.
    """

    def __init__(self, failures: int = FAILURES, rest_seconds: float = REST_SECONDS) -> None:
        self._most_failures = failures
        self._rest_seconds = rest_seconds
        self._failures = 0
        self._probe_at: float | None = None
        """Set while it is open."""

    @property
    def closed(self) -> bool:
        """Whether everybody may ask."""
        return self._probe_at is None

    def probes(self, now: float) -> bool:
        """Whether it is open, and the caller is to ask now; nobody else is until another rest is over."""
        if self._probe_at is None or now < self._probe_at:
            return False
        self._probe_at = now + self._rest_seconds
        return True

    def failed(self, now: float) -> bool:
        """No answer; whether this has opened it."""
        self._failures += 1
        if self._failures < self._most_failures:
            return False
        opens = self._probe_at is None
        self._probe_at = now + self._rest_seconds
        return opens

    def answered(self) -> bool:
        """An answer; whether this has closed it."""
        closes = self._probe_at is not None
        self._failures = 0
        self._probe_at = None
        return closes

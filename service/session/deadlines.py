"""The three ways in which time ends a connection."""

from service.protocol.errors import IdleTimeout, SessionTimeout, SlowClient
from service.protocol.limits import Limits


class Deadlines:
    """Session, idle and stall; each passes at the very second it names. All times in monotonic seconds."""

    __slots__ = ("_blocked_since", "_idle_suspended", "_limits", "_quiet_since", "earliest", "session_ends_at")

    def __init__(self, limits: Limits, now: float, session_seconds_left: float) -> None:
        self._limits = limits
        self.session_ends_at = now + session_seconds_left
        self._quiet_since = now
        self._idle_suspended = False
        self._blocked_since: float | None = None
        self.earliest = 0.0
        """When the first of them will pass if nothing happens. Kept, as it is asked for at every chunk."""
        self._reckon()

    @property
    def blocked(self) -> bool:
        return self._blocked_since is not None

    def heard(self, now: float) -> None:
        """A message came, or a stream ended: idle time starts again."""
        self._quiet_since = now
        self._reckon()

    def suspend_idle(self, *, running: bool) -> None:
        """A stream that runs, and is not paused, holds off the idle timeout."""
        if running != self._idle_suspended:
            self._idle_suspended = running
            self._reckon()

    def block(self, now: float) -> None:
        if self._blocked_since is None:
            self._blocked_since = now
            self._reckon()

    def progress(self, now: float) -> None:
        """A blocked socket has taken something: the wait begins anew."""
        self._blocked_since = now
        self._reckon()

    def unblock(self) -> None:
        self._blocked_since = None
        self._reckon()

    def passed(self, now: float) -> SessionTimeout | IdleTimeout | SlowClient | None:
        """The deadline that has passed, the session's before the others."""
        if now < self.earliest:
            return None
        limits = self._limits
        if now >= self.session_ends_at:
            return SessionTimeout(
                f"The session has lasted its {limits.max_session_seconds:g} seconds. Reconnect to begin a new one."
            )
        if self._blocked_since is not None and now >= self._blocked_since + limits.chunk_timeout_seconds:
            return SlowClient(
                f"Your side took no data for {limits.chunk_timeout_seconds:g} seconds. Read faster, or reconnect."
            )
        if not self._idle_suspended and now >= self._quiet_since + limits.idle_timeout_seconds:
            return IdleTimeout(
                f"Nothing came for {limits.idle_timeout_seconds:g} seconds. Reconnect; a ping keeps a connection alive."
            )
        return None

    def _reckon(self) -> None:
        earliest = self.session_ends_at
        if self._blocked_since is not None:
            earliest = min(earliest, self._blocked_since + self._limits.chunk_timeout_seconds)
        if not self._idle_suspended:
            earliest = min(earliest, self._quiet_since + self._limits.idle_timeout_seconds)
        self.earliest = earliest

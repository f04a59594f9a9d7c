"""The deadlines of a connection: session, token, idle and stalled."""

import math

from service.protocol.errors import IdleTimeout, SessionTimeout, SlowClient, TokenExpired
from service.protocol.limits import Limits


class Deadlines:
    """Each deadline expires exactly at its second. All times are monotonic seconds."""

    __slots__ = (
        "_active_at",
        "_blocked_since",
        "_idle_suspended",
        "_limits",
        "_token_ends_at",
        "_token_warns_at",
        "earliest",
        "session_ends_at",
    )

    def __init__(self, limits: Limits, now: float, session_seconds_left: float) -> None:
        self._limits = limits
        self.session_ends_at = now + session_seconds_left
        self._active_at = now
        self._idle_suspended = False
        self._blocked_since: float | None = None
        self._token_warns_at = self._token_ends_at = math.inf
        self.earliest = 0.0
        """When the first of them expires or warns, if nothing happens. Stored, because it is read for every chunk."""
        self._update_earliest()

    @property
    def blocked(self) -> bool:
        return self._blocked_since is not None

    def move_session_end(self, seconds_left: float, now: float) -> None:
        self.session_ends_at = now + seconds_left
        self._update_earliest()

    def set_token_end(self, warns_at: float, ends_at: float) -> None:
        self._token_warns_at = warns_at
        self._token_ends_at = ends_at
        self._update_earliest()

    def take_warning(self, now: float) -> bool:
        """Whether the warning before the end of the token is due; once for each end."""
        if now < self._token_warns_at:
            return False
        self._token_warns_at = math.inf
        self._update_earliest()
        return True

    def restart_idle(self, now: float) -> None:
        """A message arrived or a stream ended: the idle timeout starts again."""
        self._active_at = now
        self._update_earliest()

    def suspend_idle(self, *, suspended: bool) -> None:
        """Suspend the idle timeout while a stream is active and not paused."""
        if suspended != self._idle_suspended:
            self._idle_suspended = suspended
            self._update_earliest()

    def block(self, now: float) -> None:
        """The kernel did not accept everything: the stalled timeout starts."""
        if self._blocked_since is None:
            self._blocked_since = now
            self._update_earliest()

    def progress(self, now: float) -> None:
        """The kernel accepted some bytes: the stalled timeout starts again."""
        self._blocked_since = now
        self._update_earliest()

    def unblock(self) -> None:
        self._blocked_since = None
        self._update_earliest()

    def stalled(self, now: float) -> bool:
        """Whether the stalled timeout has expired."""
        since = self._blocked_since
        return since is not None and now >= since + self._limits.chunk_timeout_seconds

    def expired(self, now: float) -> SessionTimeout | TokenExpired | IdleTimeout | SlowClient | None:
        """Return the error of the deadline that has expired, the session before the others; ``None`` if none has."""
        limits = self._limits
        if now >= self.session_ends_at:
            return SessionTimeout(
                f"The session ended after {limits.max_session_seconds:g} seconds. Reconnect to start a new one."
            )
        if now >= self._token_ends_at:
            return TokenExpired(
                "The token has expired. Get a new one and reconnect; auth_refresh keeps a connection open."
            )
        if self.stalled(now):
            return SlowClient(
                f"The client received no data for {limits.chunk_timeout_seconds:g} seconds. Read faster, or reconnect."
            )
        if not self._idle_suspended and now >= self._active_at + limits.idle_timeout_seconds:
            return IdleTimeout(
                f"No message arrived for {limits.idle_timeout_seconds:g} seconds. "
                "Reconnect; a ping keeps a connection open."
            )
        return None

    def _update_earliest(self) -> None:
        earliest = min(self.session_ends_at, self._token_warns_at, self._token_ends_at)
        if self._blocked_since is not None:
            earliest = min(earliest, self._blocked_since + self._limits.chunk_timeout_seconds)
        if not self._idle_suspended:
            earliest = min(earliest, self._active_at + self._limits.idle_timeout_seconds)
        self.earliest = earliest

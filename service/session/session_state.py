"""The session of a connection, as the store returned it last."""

from msgspec.structs import replace

from service.protocol.instant import Instant
from service.session.deadlines import Deadlines
from service.session.records import Admission, SessionSnapshot


class SessionState:
    """Holds the snapshot, whose end is that of ``deadlines``."""

    __slots__ = ("_deadlines", "snapshot")

    def __init__(self, snapshot: SessionSnapshot, deadlines: Deadlines) -> None:
        self.snapshot = snapshot
        self._deadlines = deadlines

    def at(self, now: Instant) -> SessionSnapshot:
        """Return the snapshot with the time that is left now."""
        return replace(self.snapshot, seconds_left=self.seconds_left(now))

    def seconds_left(self, now: Instant) -> float:
        return self._deadlines.session_ends_at - now.seconds

    def count(self, admission: Admission) -> None:
        self.snapshot = replace(self.snapshot, requests_used=admission.requests_used)

    def join(self, snapshot: SessionSnapshot, now: Instant) -> bool:
        """The shared store has the session: its count and its end apply.

        Return false if it was joined before, or if the store has another one, which this connection may not join.
        """
        if self.snapshot.shared or not snapshot.shared:
            return False
        self.snapshot = snapshot
        self._deadlines.move_session_end(snapshot.seconds_left, now.seconds)
        return True

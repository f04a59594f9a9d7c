"""The line of requests on a connection: the first is in progress, the others wait."""

from collections import deque
from collections.abc import Iterator

from msgspec import UNSET, UnsetType

from service.core.delivery import Delivery
from service.core.effects import Failure
from service.core.limits import QUEUE_LENGTH
from service.core.messages import StreamRequest
from service.core.trace import Trace


class Entry:
    """One request from its arrival to its terminal message."""

    __slots__ = (
        "admitted_at",
        "delivery",
        "failure",
        "left_line_at",
        "paused",
        "received_at",
        "request",
        "skip_wanted",
        "stream_id",
        "ticket",
        "trace",
    )

    def __init__(self, ticket: int, request: StreamRequest, now: float) -> None:
        self.ticket = ticket
        self.request = request
        self.received_at = now
        """All times in monotonic seconds."""
        self.admitted_at: float | None = None
        self.stream_id = ""
        """Set on admission, as is ``trace``."""
        self.trace: Trace | None = None
        self.left_line_at: float | None = None
        """When its preparation began."""
        self.delivery: Delivery | None = None
        """Set when the plan is there."""
        self.failure: Failure | None = None
        """Set when it came to nothing."""
        self.paused = False
        self.skip_wanted = False

    @property
    def admitted(self) -> bool:
        return self.admitted_at is not None

    @property
    def identity(self) -> Trace:
        """The trace of an entry that is admitted."""
        assert self.trace is not None
        return self.trace

    @property
    def running(self) -> Delivery:
        """The delivery of an entry that has one."""
        assert self.delivery is not None
        return self.delivery

    @property
    def request_id(self) -> str | UnsetType:
        return self.request.request_id

    @property
    def known_stream_id(self) -> str | UnsetType:
        return self.stream_id or UNSET


class Line:
    """First come, first served, and no longer than it may be."""

    __slots__ = ("_entries", "_next_ticket")

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque()
        self._next_ticket = 1

    @property
    def current(self) -> Entry | None:
        """The request that is processing or running, on which controls act."""
        return self._entries[0] if self._entries else None

    @property
    def full(self) -> bool:
        return len(self._entries) > QUEUE_LENGTH

    def join(self, request: StreamRequest, now: float) -> Entry:
        entry = Entry(self._next_ticket, request, now)
        self._next_ticket += 1
        self._entries.append(entry)
        return entry

    def find(self, ticket: int) -> Entry | None:
        """The entry, or ``None`` if it has left, by a cancel or with the connection."""
        return next((entry for entry in self._entries if entry.ticket == ticket), None)

    def leave(self, entry: Entry) -> None:
        self._entries.remove(entry)

    def __iter__(self) -> Iterator[Entry]:
        return iter(tuple(self._entries))

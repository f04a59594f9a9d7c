"""The line of what a connection has asked for: the first is in progress, the others wait."""

from collections import deque
from collections.abc import Iterator

from msgspec import UNSET, UnsetType

from service.protocol.limits import QUEUE_LENGTH
from service.protocol.messages import ContentType, Recover, StreamRequest
from service.protocol.trace import Trace
from service.session.delivery import Delivery
from service.session.effects import Admittance, Failure, Recovery
from service.session.records import StreamRecord


class StreamState:
    """One stream that was asked for, from the message that asked to its terminal message."""

    __slots__ = (
        "admittance",
        "admitted_at",
        "announced",
        "delivery",
        "dequeued_at",
        "epoch",
        "failure",
        "marking_skip",
        "paused",
        "received_at",
        "record",
        "resumable",
        "skip_wanted",
        "stream_id",
        "ticket",
        "trace",
        "wish",
    )

    def __init__(self, ticket: int, wish: StreamRequest | Recover, now: float) -> None:
        self.ticket = ticket
        self.wish = wish
        self.received_at = now
        """All times in monotonic seconds."""
        self.admitted_at: float | None = None if isinstance(wish, StreamRequest) else now
        """A recovery needs no admission."""
        self.admittance: Admittance | None = None
        self.stream_id = "" if isinstance(wish, StreamRequest) else wish.stream_id
        """Of a request, set on admission, as is ``trace``."""
        self.trace: Trace | None = None
        self.dequeued_at: float | None = None
        """When its preparation began."""
        self.announced = False
        """Whether an event has told of it, so that one must tell of its end."""
        self.record: StreamRecord | None = None
        """What it was recovered from."""
        self.delivery: Delivery | None = None
        """Set when the plan is there."""
        self.failure: Failure | None = None
        """Set when it came to nothing."""
        self.resumable = False
        """Whether it is in the store, at ``epoch``."""
        self.epoch = 0
        self.paused = False
        self.skip_wanted = False
        self.marking_skip = False
        """Whether the store is being told of the skip; nothing is sent meanwhile."""

    def admit(self, admittance: Admittance, now: float) -> None:
        """It may begin when it is first in the line."""
        self.admitted_at = now
        self.admittance = admittance
        self.stream_id = admittance.admission.repeats or admittance.stream_id
        self.trace = admittance.trace

    def take_over(self, recovery: Recovery) -> None:
        """It goes on with what is in the store."""
        record = recovery.record
        self.record = record
        self.trace = recovery.trace
        self.epoch = record.epoch
        self.resumable = True
        self.paused = self.paused or (record.paused and not self.repeats)

    @property
    def admitted(self) -> bool:
        return self.admitted_at is not None

    @property
    def repeated(self) -> str | None:
        """The stream that the request has asked for before."""
        return None if self.admittance is None else self.admittance.admission.repeats

    @property
    def repeats(self) -> bool:
        """Whether the request has come before: the store may have its stream."""
        return self.repeated is not None

    @property
    def identity(self) -> Trace:
        """The trace of an entry that has one."""
        assert self.trace is not None
        return self.trace

    @property
    def running(self) -> Delivery:
        """The delivery of an entry that has one."""
        assert self.delivery is not None
        return self.delivery

    @property
    def request(self) -> StreamRequest:
        """The request of an entry that is one."""
        assert isinstance(self.wish, StreamRequest)
        return self.wish

    @property
    def content_type(self) -> ContentType:
        """Of a request, or of a stream that was recovered."""
        return self.request.content_type if self.record is None else self.record.content_type

    @property
    def request_id(self) -> str | UnsetType:
        if isinstance(self.wish, StreamRequest):
            return self.wish.request_id
        return UNSET if self.record is None or self.record.request_id is None else self.record.request_id

    @property
    def known_stream_id(self) -> str | UnsetType:
        return self.stream_id or UNSET


class RequestQueue:
    """First come, first served, and no longer than it may be."""

    __slots__ = ("_entries", "_next_ticket")

    def __init__(self) -> None:
        self._entries: deque[StreamState] = deque()
        self._next_ticket = 1

    @property
    def current(self) -> StreamState | None:
        """The entry that is processing or running, on which controls act."""
        return self._entries[0] if self._entries else None

    @property
    def full(self) -> bool:
        return len(self._entries) > QUEUE_LENGTH

    def join(self, wish: StreamRequest | Recover, now: float) -> StreamState:
        entry = StreamState(self._next_ticket, wish, now)
        self._next_ticket += 1
        self._entries.append(entry)
        return entry

    def find(self, ticket: int) -> StreamState | None:
        """The entry, or ``None`` if it has left, by a cancel or with the connection."""
        return next((entry for entry in self._entries if entry.ticket == ticket), None)

    def has(self, stream_id: str) -> bool:
        """Whether the stream, or the same made anew, is running here, or waiting."""
        return any(stream_id in {entry.stream_id, entry.repeated} for entry in self._entries)

    def leave(self, entry: StreamState) -> None:
        self._entries.remove(entry)

    def __iter__(self) -> Iterator[StreamState]:
        return iter(tuple(self._entries))

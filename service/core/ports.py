"""The seams: what the core and the driver need from the outside, one protocol each."""

from collections.abc import Callable
from typing import Protocol

from service.core.effects import Admission, Lease, Preparation
from service.core.events import Event
from service.core.messages import StreamRequest
from service.core.trace import Trace, TraceContext


class Connection(Protocol):
    """One accepted socket, seen from the driver. No method blocks; after a close or a loss each is a no-op."""

    on_unblocked: Callable[[], None] | None
    """Called when ``blocked`` becomes false."""

    @property
    def blocked(self) -> bool:
        """Whether the operating system has yet to take some of what was written."""

    @property
    def congested(self) -> bool:
        """Whether it has yet to take so much that the peer should not be read before ``drained()``."""

    @property
    def unsent_bytes(self) -> int:
        """How much of what was written the operating system has yet to take."""

    async def drained(self) -> None:
        """Return when the operating system has taken all, or the socket is gone."""

    def write(self, message: bytes) -> None:
        """Send one ready message (UTF-8) as a text frame."""

    def close(self, code: int, reason: str) -> None:
        """Begin the closing handshake; a peer that does not answer is aborted after a moment."""

    def abort(self) -> None:
        """Drop the connection and what is unsent."""


class SessionStore(Protocol):
    """Sessions and their counts. Every implementation passes tests/stores/contract.py.

    Times are durations, so that a store may use a clock of its own.
    """

    async def open(self, session_id: str) -> Lease:
        """Join the session, or begin it if there is none or its time is over."""

    async def admit(self, lease: Lease) -> Admission:
        """Count one request against the session's limit, exactly, whoever else is counting."""


class ContentEngine(Protocol):
    """Content work off the event loop."""

    async def prepare(self, request: StreamRequest, seconds_left: float) -> Preparation:
        """A plan that fits into the session's ``seconds_left``, and the time it took.

        Raises what it met, or ``WorkFailed`` from it, which tells the time too.
        """

    def close(self) -> None:
        """Take no more work."""


class Ids(Protocol):
    """Where ids come from."""

    def new_id(self) -> str:
        """A fresh id for a stream, a connection or a fault."""

    def trace(self, parent: TraceContext | None) -> Trace:
        """A new stream's place in the client's trace, or in one of its own."""


class Recorder(Protocol):
    """The one door to observability. Never raises, never blocks."""

    def record(self, event: Event) -> None: ...

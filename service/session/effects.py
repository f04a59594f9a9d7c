"""What the session machine asks of the world, and what it is told back.

Each effect names, in its docstring, the method of the machine that takes its result.
"""

from msgspec import Struct

from service.content.plan import Plan
from service.content.stage import StageTime
from service.protocol.errors import StreamingError
from service.protocol.messages import StreamRequest
from service.protocol.trace import Trace
from service.session.records import Admission, Claim, Digest, SessionSnapshot, StreamRecord, StreamStatus


class Admittance(Struct, frozen=True):
    """The answer to ``Admit``: the store's word, and what the stream is called if it becomes one."""

    admission: Admission
    stream_id: str
    trace: Trace
    asked_at: float
    """When the store was asked, in monotonic seconds."""


class Recovery(Struct, frozen=True):
    """The answer to ``TakeOver``: the stream as it was stored, now this connection's, and its plan."""

    record: StreamRecord
    """At the epoch that it was moved to."""
    plan: Plan
    trace: Trace
    """Of this part of the stream, within the trace that it began in."""


class Failure(Struct, frozen=True):
    """The answer to an effect that came to nothing: what the client is told, and what it took until then."""

    error: StreamingError
    seconds: float | None = None
    """Of content work; ``None`` if there was none, or nobody knows."""
    stages: tuple[StageTime, ...] = ()


class Admit(Struct, frozen=True):
    """Count a request; answered by ``admitted(ticket, admittance, now)`` or ``failed``."""

    ticket: int
    snapshot: SessionSnapshot
    request: StreamRequest
    claim: Claim | None = None


class Prepare(Struct, frozen=True):
    """FileLock content into a plan, and keep it; answered by ``prepared(ticket, preparation, now)`` or ``failed``."""

    ticket: int
    request: StreamRequest
    stream_id: str
    trace: Trace
    snapshot: SessionSnapshot
    """The stream has to fit in its time."""
    owners: tuple[Digest, ...] = ()
    """Whose the stream will be in the store; nobody's if it is not to be kept."""


class TakeOver(Struct, frozen=True):
    """Take a stream over from the store.

    Answered by ``recovered(ticket, recovery, now)``, ``refused(ticket, reason, now)`` or ``failed``.
    """

    ticket: int
    stream_id: str
    last_index: int
    """The last chunk that the client has; -1 for none."""
    presented: Digest | None
    """Of the token that is to open it; ``None`` if a claim has proved already that it may be opened."""
    owner: Digest
    """Of this connection."""
    snapshot: SessionSnapshot


class MarkSkip(Struct, frozen=True):
    """Store where a stream is skipped; answered by ``skip_marked(ticket, marked, now)``, come what may."""

    ticket: int
    stream_id: str
    trace: Trace
    epoch: int
    index: int


class UpdateStatus(Struct, frozen=True):
    """Store a change of a stream that is in the store. Nobody waits for it."""

    stream_id: str
    epoch: int
    change: StreamStatus


Effect = Admit | Prepare | TakeOver | MarkSkip | UpdateStatus

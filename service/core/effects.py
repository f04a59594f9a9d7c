"""What the session machine asks of the world, and what it is told back.

Each effect names, in its docstring, the method of the machine that takes its result.
"""

from msgspec import Struct

from service.core.content.plan import Plan
from service.core.content.stage import StageTime
from service.core.errors import StreamingError
from service.core.messages import StreamRequest
from service.core.trace import Trace


class Lease(Struct, frozen=True):
    """A session as the store knows it at the moment of asking."""

    session_id: str
    epoch: str
    """Tells a session from the one before it under the same id."""
    requests_used: int
    seconds_left: float


class Admission(Struct, frozen=True):
    """The store's word on one request; counted only if admitted."""

    admitted: bool
    requests_used: int


class Admittance(Struct, frozen=True):
    """The answer to ``Admit``: the store's word, and what the stream is called if it becomes one."""

    admission: Admission
    stream_id: str
    trace: Trace
    asked_at: float
    """When the store was asked, in monotonic seconds."""


class Preparation(Struct, frozen=True):
    """The answer to ``Prepare``: the plan and the time it took."""

    plan: Plan
    seconds: float
    stages: tuple[StageTime, ...] = ()


class Failure(Struct, frozen=True):
    """The answer to an effect that came to nothing: what the client is told, and what it took until then."""

    error: StreamingError
    seconds: float | None = None
    """Of content work; ``None`` if there was none, or nobody knows."""
    stages: tuple[StageTime, ...] = ()


class WorkFailed(Exception):
    """Content work broke off, for the reason in ``__cause__``, and this is what it took until then."""

    def __init__(self, seconds: float, stages: tuple[StageTime, ...]) -> None:
        super().__init__(seconds, stages)
        self.seconds = seconds
        self.stages = stages


class Admit(Struct, frozen=True):
    """Count a request; answered by ``admitted(ticket, admittance, now)`` or ``failed``."""

    ticket: int
    lease: Lease
    request: StreamRequest


class Prepare(Struct, frozen=True):
    """Turn content into a plan; answered by ``prepared(ticket, preparation, now)`` or ``failed``."""

    ticket: int
    request: StreamRequest
    seconds_left: float
    """Of the session: what the stream has to fit in."""
    stream_id: str
    trace: Trace


Effect = Admit | Prepare

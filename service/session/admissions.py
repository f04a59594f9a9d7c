"""Which requests of one connection are admitted."""

from service.protocol.errors import RateLimitExceeded, StreamingError
from service.protocol.instant import Instant
from service.protocol.limits import Limits
from service.protocol.messages import StreamRequest
from service.session import effects
from service.session.queue import RequestQueue
from service.session.records import Admission, Digest
from service.session.session_state import SessionState
from service.session.step import StepBuilder
from service.session.stream_state import StreamState
from service.session.tokens import claim_of
from service.session.validation import check_admission, validate_request


class Admissions:
    """Adds requests to the queue and removes those that are refused. ``owner`` is as in ``Streams``."""

    __slots__ = ("_builder", "_limits", "_owner", "_queue", "_session")

    def __init__(
        self, queue: RequestQueue, session: SessionState, owner: Digest | None, limits: Limits, builder: StepBuilder
    ) -> None:
        self._queue = queue
        self._session = session
        self._owner = owner
        self._limits = limits
        self._builder = builder

    def receive(self, request: StreamRequest, now: Instant) -> None:
        """Let a request wait for its admission, or refuse it."""
        content = request.content
        content_bytes = len(content) if content.isascii() else len(content.encode())
        mistake = validate_request(request, content_bytes, self._limits, queue_full=self._queue.full)
        if mistake is not None:
            self._reject(request, mistake)
            return
        stream = self._queue.add(request, now, content_bytes)
        if self._session.snapshot.shared:
            self.request(stream, now)
        else:
            self._builder.request(effects.JoinSession(stream.ticket, self._session.at(now)))

    def request(self, stream: StreamState, now: Instant) -> None:
        """Request the decision of the store."""
        claim = None if self._owner is None else claim_of(stream.request, self._owner)
        self._builder.request(effects.Admit(stream.ticket, self._session.at(now), stream.request, claim))

    def decide(self, stream: StreamState, decision: effects.AdmissionDecided, now: Instant) -> None:
        """Admit the request, or remove it."""
        admission = decision.admission
        self._session.count(admission)
        active_here = admission.repeats is not None and self._queue.contains(admission.repeats)
        mistake = check_admission(admission, self._limits, active_here=active_here)
        if mistake is None:
            stream.admit(decision, now.seconds)
            if stream.repeats is None:
                self.record(stream)
        else:
            self._refuse(stream, mistake)

    def charge(self, stream: StreamState, admission: Admission) -> bool:
        """Return whether the limit of the session permits to prepare a repeated request again; if not, remove it."""
        self._session.count(admission)
        mistake = check_admission(admission, self._limits, active_here=False)
        if mistake is None:
            self.record(stream)
        else:
            self._refuse(stream, mistake)
        return mistake is None

    def record(self, stream: StreamState) -> None:
        """Record a request that is charged or prepared; a repetition that is recovered is recorded as such."""
        if stream.decision is not None and not stream.admission_recorded:
            self._builder.log.admitted(stream, stream.decision, self._limits)

    def _refuse(self, stream: StreamState, mistake: StreamingError) -> None:
        self._queue.remove(stream)
        self._builder.drop(stream.ticket)
        if isinstance(mistake, RateLimitExceeded):
            self._builder.log.rate_limit_hit(self._limits.max_requests)
        self._reject(stream.request, mistake)

    def _reject(self, request: StreamRequest, error: StreamingError) -> None:
        self._builder.log.rejected(request.content_type, error)
        self._builder.send_error(error, request.request_id)

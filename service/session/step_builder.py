"""A step in the making: what the input at hand has led to so far."""

from msgspec import UNSET, UnsetType

from service.protocol.errors import StreamingError
from service.protocol.server_messages import ErrorMessage, ServerMessage
from service.session.effects import Effect
from service.session.event_log import EventLog
from service.session.queue import StreamState
from service.session.step import Close, Step


class StepBuilder:
    """Messages, effects and tickets in the order in which they came up; ``step`` takes them all."""

    __slots__ = ("_dropped", "_effects", "_outbound", "close", "journal")

    def __init__(self, journal: EventLog) -> None:
        self.journal = journal
        self.close: Close | None = None
        self._outbound: list[ServerMessage] = []
        self._effects: list[Effect] = []
        self._dropped: tuple[int, ...] = ()

    def send(self, message: ServerMessage) -> None:
        self._outbound.append(message)

    def ask(self, effect: Effect) -> None:
        self._effects.append(effect)

    def drop(self, ticket: int) -> None:
        """The effects of this ticket are of no use any more."""
        self._dropped += (ticket,)

    def answer(
        self,
        error: StreamingError,
        request_id: str | UnsetType = UNSET,
        entry: StreamState | None = None,
        stream_id: str | UnsetType = UNSET,
    ) -> None:
        """Tell the client of an error; ``entry`` is what it ends, if it does."""
        if entry is not None:
            stream_id = entry.known_stream_id
        self.send(ErrorMessage.of(error, request_id, stream_id))
        self.journal.answered(error, entry)

    def step(self, wake_at: float | None) -> Step:
        outbound, effects, close = self._outbound, self._effects, self.close
        if outbound:
            self._outbound = []
        if effects:
            self._effects = []
        self.close = None
        dropped, self._dropped = self._dropped, ()
        return Step(outbound, effects, self.journal.take(), wake_at, close, dropped)

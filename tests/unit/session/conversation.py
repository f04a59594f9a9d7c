"""A person's view of one machine: what it has said so far, and the world that it asks for things."""

import json
from collections.abc import Sequence
from typing import Any

from service.content.plan import Plan
from service.events import Event
from service.protocol.codec import encode
from service.protocol.errors import StreamingError
from service.protocol.instant import Instant
from service.protocol.limits import Limits
from service.protocol.messages import Complexity, Speed
from service.protocol.trace import Trace
from service.session.effects import Admit, Admittance, Failure, MarkSkip, Prepare, Recovery, TakeOver, UpdateStatus
from service.session.machine import SessionMachine
from service.session.ports import Preparation
from service.session.records import Admission, SessionSnapshot
from service.session.step import Close, Step
from tests.unit.session.shelf import Shelf

Message = dict[str, Any]
AnsweredEffect = Admit | Prepare | TakeOver | MarkSkip

WALL = 1_700_000_000.0
TRACE = Trace("f" * 32, "e" * 16, sampled=True)


def at(seconds: float) -> Instant:
    return Instant(seconds, WALL + seconds)


def plan_of(
    chunks: Sequence[str],
    speed: Speed = Speed.SUPERFAST,
    max_chunk_characters: int = 1000,
    closes: Sequence[str] | None = None,
) -> Plan:
    return Plan(
        chunks=tuple(chunks),
        complexity=Complexity.LOW,
        word_count=len(chunks),
        has_html=False,
        speed=speed,
        max_chunk_characters=max_chunk_characters,
        closes=closes,
    )


class Conversation:
    """Feeds a machine and keeps what comes out: ``said`` in order with the second at which it was said."""

    def __init__(
        self,
        limits: Limits | None = None,
        requests_used: int = 0,
        seconds_left: float | None = None,
        *,
        token: str | None = None,
        shelf: Shelf | None = None,
        epoch: str = "1",
        shared: bool = True,
    ) -> None:
        """With a ``token`` and a ``shelf`` its streams can be recovered by another conversation with that shelf."""
        self.limits = limits or Limits()
        self.now = 0.0
        self.shelf = shelf or Shelf()
        snapshot = SessionSnapshot(
            "s-1",
            epoch,
            requests_used,
            self.limits.max_session_seconds if seconds_left is None else seconds_left,
            shared,
        )
        self.machine = SessionMachine(snapshot, "c-1", self.limits, at(self.now), token)
        self.said: list[tuple[float, Message]] = []
        self.events: list[Event] = []
        self.effects: list[AnsweredEffect] = []
        self.wake_at: float | None = None
        self.close: Close | None = None
        self.used = requests_used
        self.blocked = False
        self.take(self.machine.open(at(self.now)))

    def take(self, step: Step) -> list[Message]:
        messages = [json.loads(encode(message)) for message in step.outbound]
        self.said += [(self.now, message) for message in messages]
        self.events += step.events
        for effect in step.effects:
            if isinstance(effect, UpdateStatus):
                self.shelf.update_status(effect)
            else:
                self.effects.append(effect)
        self.wake_at = step.wake_at
        if step.close is not None:
            assert self.close is None, "the machine closed twice"
            self.close = step.close
        return messages

    def send(self, **message: object) -> list[Message]:
        return self.receive(json.dumps(message))

    def receive(self, data: str | bytes) -> list[Message]:
        return self.take(self.machine.receive(data, at(self.now)))

    def request(self, content: str = "some words", **fields: object) -> list[Message]:
        return self.send(type="stream_request", content=content, **fields)

    def recover(self, stream_id: str, last_index: int, token: str) -> list[Message]:
        return self.send(type="recover", stream_id=stream_id, last_index=last_index, token=token)

    def control(self, action: str) -> list[Message]:
        return self.send(type="stream_control", action=action)

    def tick(self) -> list[Message]:
        return self.take(self.machine.tick(at(self.now)))

    def sleep_until(self, seconds: float) -> None:
        """Let time pass, waking the machine exactly when it asks to be woken."""
        while self.wake_at is not None and self.wake_at <= seconds:
            self.now = max(self.now, self.wake_at)
            self.tick()
        self.now = seconds

    def answer_admit(self, effect: Admit, admission: Admission | None = None) -> list[Message]:
        """By the count, or as told."""
        self.effects.remove(effect)
        if admission is None:
            admitted = self.used < self.limits.max_requests
            self.used += admitted
            admission = Admission(admitted, self.used)
        admittance = Admittance(admission, f"stream-{effect.ticket}", TRACE, self.now)
        return self.take(self.machine.admitted(effect.ticket, admittance, at(self.now)))

    def answer_prepare(self, effect: Prepare, result: Plan | StreamingError) -> list[Message]:
        self.effects.remove(effect)
        if isinstance(result, StreamingError):
            return self.take(self.machine.failed(effect.ticket, Failure(result), at(self.now)))
        preparation = Preparation(result, 0.002, resumable=self.shelf.put(effect, result))
        return self.take(self.machine.prepared(effect.ticket, preparation, at(self.now)))

    def answer_take_over(self, effect: TakeOver) -> list[Message]:
        self.effects.remove(effect)
        taken = self.shelf.acquire(effect)
        if isinstance(taken, Recovery):
            return self.take(self.machine.recovered(effect.ticket, taken, at(self.now)))
        return self.take(self.machine.refused(effect.ticket, taken, at(self.now)))

    def answer_mark_skip(self, effect: MarkSkip) -> list[Message]:
        self.effects.remove(effect)
        return self.take(self.machine.skip_marked(effect.ticket, self.shelf.mark_skip(effect), at(self.now)))

    def answer(self, effect: Admit | TakeOver | MarkSkip) -> list[Message]:
        """As the shelf has it."""
        match effect:
            case Admit():
                return self.answer_admit(effect)
            case TakeOver():
                return self.answer_take_over(effect)
            case MarkSkip():
                return self.answer_mark_skip(effect)

    def pending(self, kind: type[AnsweredEffect]) -> list[Any]:
        return [effect for effect in self.effects if isinstance(effect, kind)]

    def run_effects(self, result: Plan | StreamingError | None = None) -> None:
        """Carry out all effects: admit by the count, prepare a plan of the content's words, or ``result``."""
        while self.effects:
            effect = self.effects[0]
            if isinstance(effect, Prepare):
                words = [word + " " for word in effect.request.content.split()]
                self.answer_prepare(effect, result or plan_of(words))
            else:
                self.answer(effect)

    def stream(
        self, *chunks: str, speed: Speed = Speed.SUPERFAST, content: str = "some words", **fields: object
    ) -> None:
        """Send a request and bring it as far as its first chunk."""
        self.request(content, **fields)
        self.run_effects(plan_of(chunks, speed))

    def set_blocked(self, blocked: bool) -> None:
        self.blocked = blocked
        self.take((self.machine.blocked if blocked else self.machine.unblocked)(at(self.now)))

    def types(self) -> list[str]:
        return [message["type"] for _, message in self.said]

    def all(self, type_: str) -> list[Message]:
        return [message for _, message in self.said if message["type"] == type_]

    def last(self) -> Message:
        return self.said[-1][1]

    def event(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

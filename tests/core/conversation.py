"""A person's view of one machine: what it has said so far, and the world that it asks for things."""

import json
from collections.abc import Sequence
from typing import Any

from service.core.clock import Instant
from service.core.content.plan import Plan
from service.core.effects import Admission, Admit, Admittance, Effect, Failure, Lease, Preparation, Prepare
from service.core.errors import StreamingError
from service.core.events import Event
from service.core.limits import Limits
from service.core.messages import Complexity, Speed
from service.core.protocol import encode
from service.core.session import SessionMachine
from service.core.step import Close, Step
from service.core.trace import Trace

Message = dict[str, Any]

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

    def __init__(self, limits: Limits | None = None, requests_used: int = 0, seconds_left: float | None = None) -> None:
        self.limits = limits or Limits()
        self.now = 0.0
        lease = Lease(
            "s-1", "1", requests_used, self.limits.max_session_seconds if seconds_left is None else seconds_left
        )
        self.machine = SessionMachine(lease, "c-1", self.limits, at(self.now))
        self.said: list[tuple[float, Message]] = []
        self.events: list[Event] = []
        self.effects: list[Effect] = []
        self.wake_at: float | None = None
        self.close: Close | None = None
        self.used = requests_used
        self.blocked = False
        self.take(self.machine.open(at(self.now)))

    def take(self, step: Step) -> list[Message]:
        messages = [json.loads(encode(message)) for message in step.outbound]
        self.said += [(self.now, message) for message in messages]
        self.events += step.events
        self.effects += step.effects
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

    def answer_admit(self, effect: Admit) -> list[Message]:
        self.effects.remove(effect)
        admitted = self.used < self.limits.max_requests
        self.used += admitted
        admission = Admission(admitted, self.used)
        return self.take(
            self.machine.admitted(
                effect.ticket,
                Admittance(admission, f"stream-{effect.ticket}", TRACE, self.now),
                at(self.now),
            )
        )

    def answer_prepare(self, effect: Prepare, result: Plan | StreamingError) -> list[Message]:
        self.effects.remove(effect)
        if isinstance(result, StreamingError):
            return self.take(self.machine.failed(effect.ticket, Failure(result), at(self.now)))
        return self.take(self.machine.prepared(effect.ticket, Preparation(result, 0.002), at(self.now)))

    def pending(self, kind: type[Effect]) -> list[Any]:
        return [effect for effect in self.effects if isinstance(effect, kind)]

    def run_effects(self, result: Plan | StreamingError | None = None) -> None:
        """Carry out all effects: admit by the count, prepare a plan of the content's words, or ``result``."""
        while self.effects:
            effect = self.effects[0]
            if isinstance(effect, Admit):
                self.answer_admit(effect)
            else:
                words = [word + " " for word in effect.request.content.split()]
                self.answer_prepare(effect, result or plan_of(words))

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

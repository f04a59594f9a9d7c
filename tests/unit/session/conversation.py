"""One session machine as its client and its driver see it."""

import json
from collections.abc import Sequence
from typing import Any

from service.access.principal import AccessRefusal, Principal
from service.access.scope import Grant, Scope
from service.access.session_key import session_key
from service.content import pack_plan
from service.content.chunks import Chunks, CloseTexts
from service.content.plan import Plan
from service.events import Event, Outcome, StreamEnded
from service.protocol.codec import encode
from service.protocol.errors import StreamingError
from service.protocol.instant import Instant
from service.protocol.limits import Limits
from service.protocol.messages import Complexity, Speed
from service.protocol.trace import Trace
from service.session.effects import (
    AdmissionDecided,
    Admit,
    Authenticate,
    ChargeRepetition,
    EffectFailed,
    EffectResult,
    PlanPrepared,
    Prepare,
    RepetitionCharged,
    TicketedEffect,
    TokenChecked,
    UpdateStatus,
)
from service.session.live_effects import AttachLive, CancelLive, DetachLive, ListLive
from service.session.live_ports import LiveReading
from service.session.machine import SessionMachine
from service.session.options import DEFAULT_OPTIONS, SessionOptions
from service.session.ports import Preparation
from service.session.records import Admission, SessionSnapshot
from service.session.run import Run
from service.session.step import Close, Step
from service.stores.store_limits import FREE_PREPARATIONS
from tests.unit.session.memory_store import MemoryStore, StoreEffect

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
        chunks=Chunks.of(chunks),
        complexity=Complexity.LOW,
        word_count=len(chunks),
        has_html=False,
        speed=speed,
        max_chunk_characters=max_chunk_characters,
        closes=None if closes is None else CloseTexts.of(closes),
    )


def user(expires_at: float | None, subject: str = "u-1", **fields: Any) -> Principal:  # noqa: ANN401 - of a principal
    """A user whose token expires at a second of a conversation, and may enter each session of its space."""
    wall = None if expires_at is None else WALL + expires_at
    facts: dict[str, Any] = {"issuer": "i-1", "space": subject, "grant": Grant(frozenset({Scope.STREAM}))} | fields
    return Principal(subject=subject, expires_at=wall, **facts)


class Conversation:
    """Passes input to a machine and collects its output: ``sent`` has each message with the second of its step.

    Runs are sent without the machine, unless ``sends_runs`` is false.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        requests_used: int = 0,
        seconds_left: float | None = None,
        *,
        token: str | None = None,
        store: MemoryStore | None = None,
        incarnation: str = "1",
        shared: bool = True,
        sends_runs: bool = True,
        principal: Principal | None = None,
        options: SessionOptions = DEFAULT_OPTIONS,
        space: str = "",
    ) -> None:
        """With a ``token``, another conversation with the same ``store`` can recover the streams of this one."""
        self.limits = limits or Limits()
        self.now = 0.0
        self.store = store or MemoryStore()
        snapshot = SessionSnapshot(
            session_key(space, "s-1"),
            incarnation,
            requests_used,
            self.limits.max_session_seconds if seconds_left is None else seconds_left,
            shared,
        )
        facts = snapshot, "s-1", "c-1", self.limits, at(self.now)
        self._machine = SessionMachine(*facts, token=token, principal=principal, options=options)
        self._sends_runs = sends_runs
        self._run: Run | None = None
        self._run_sent = 0
        self.sent: list[tuple[float, Message]] = []
        self.events: list[Event] = []
        self.effects: list[TicketedEffect] = []
        self.detached: list[LiveReading] = []
        self.cancelled: list[str] = []
        self.wake_at: float | None = None
        self.close: Close | None = None
        self.used = requests_used
        self.blocked = False
        self.execute(self.machine.open(at(self.now)))

    @property
    def machine(self) -> SessionMachine:
        """For one input, before which the run is over."""
        if self._run is not None:
            self._run = None
            self._machine.advance(self._run_sent)
        return self._machine

    def execute(self, step: Step) -> list[Message]:
        messages = [json.loads(encode(message)) for message in step.outbound]
        self.sent += [(self.now, message) for message in messages]
        self.events += step.events
        for effect in step.effects:
            if isinstance(effect, UpdateStatus):
                self.store.update_status(effect)
            elif isinstance(effect, DetachLive):
                self.detached.append(effect.reading)
            elif isinstance(effect, CancelLive):
                self.cancelled.append(effect.stream_id)
            else:
                self.effects.append(effect)
        self.wake_at = step.wake_at
        if self._sends_runs:
            self._run, self._run_sent = step.run, 0
        if step.close is not None:
            assert self.close is None, "the machine closed twice"
            self.close = step.close
        return messages

    def send(self, **message: object) -> list[Message]:
        return self.receive(json.dumps(message))

    def receive(self, data: str | bytes) -> list[Message]:
        size_bytes = len(data if isinstance(data, bytes) else data.encode(errors="replace"))
        return self.execute(self.machine.receive(data, size_bytes, at(self.now)))

    def request(self, content: str = "some words", **fields: object) -> list[Message]:
        return self.send(type="stream_request", content=content, **fields)

    def recover(self, stream_id: str, last_index: int, token: str) -> list[Message]:
        return self.send(type="recover", stream_id=stream_id, last_index=last_index, token=token)

    def control(self, action: str) -> list[Message]:
        return self.send(type="stream_control", action=action)

    def tick(self) -> list[Message]:
        messages = [] if self._run is None else self._send_run(self._run)
        if messages and self.wake_at is not None and self.now < self.wake_at:
            return messages
        return messages + self.execute(self.machine.tick(at(self.now)))

    def _send_run(self, run: Run) -> list[Message]:
        """Send the chunks of the run that are due, without the machine."""
        messages: list[Message] = []
        first = index = run.start + self._run_sent
        pace = run.pace
        while index < run.end and pace.due(index) <= self.now and run.ends_in_time(index, self.now):
            pace.rebase(index, self.now)
            [(before, after, payload_bytes)] = run.frames.between(index, index + 1)
            messages.append(json.loads((before + at(self.now).json_timestamp + after)[-payload_bytes:]))
            index += 1
        self.sent += [(self.now, message) for message in messages]
        self._run_sent += index - first
        self.wake_at = pace.due(index)
        return messages

    def sleep_until(self, seconds: float) -> None:
        """Let time pass, and wake the machine exactly when it is due."""
        while self.wake_at is not None and self.wake_at <= seconds:
            self.now = max(self.now, self.wake_at)
            self.tick()
        self.now = seconds

    def resolve(self, result: EffectResult) -> list[Message]:
        """Pass a result to the machine; its effect is pending no more."""
        self.effects = [effect for effect in self.effects if effect.ticket != result.ticket]
        return self.execute(self.machine.resolve(result, at(self.now)))

    def decide(self, effect: Admit, admission: Admission | None = None) -> list[Message]:
        """Resolve an ``Admit``: with ``admission``, or by the number of requests used."""
        if admission is None:
            admitted = self.used < self.limits.max_requests
            self.used += admitted
            admission = Admission(admitted, self.used)
        return self.resolve(AdmissionDecided(effect.ticket, admission, f"stream-{effect.ticket}", TRACE, self.now))

    def prepare(self, effect: Prepare, result: Plan | StreamingError) -> list[Message]:
        """Resolve a ``Prepare``."""
        if isinstance(result, StreamingError):
            return self.resolve(EffectFailed(effect.ticket, result))
        preparation = Preparation(result, 0.002, packed=pack_plan(result))
        return self.resolve(PlanPrepared(effect.ticket, preparation))

    def charge(self, effect: ChargeRepetition) -> list[Message]:
        """Resolve a ``ChargeRepetition`` as a store does."""
        self.store.preparations[effect.repeats] += 1
        charged = self.store.preparations[effect.repeats] > FREE_PREPARATIONS
        admitted = not charged or self.used < self.limits.max_requests
        self.used += charged and admitted
        return self.resolve(RepetitionCharged(effect.ticket, Admission(admitted, self.used)))

    def check(self, principal: Principal | AccessRefusal) -> list[Message]:
        """Resolve the one ``Authenticate``."""
        [effect] = self.pending(Authenticate)
        return self.resolve(TokenChecked(effect.ticket, principal))

    def perform(self, effect: Admit | ChargeRepetition | StoreEffect | ListLive | AttachLive) -> list[Message]:
        match effect:
            case ListLive() | AttachLive():
                raise AssertionError("LiveConversation performs it")
            case Admit():
                return self.decide(effect)
            case ChargeRepetition():
                return self.charge(effect)
        return self.resolve(self.store.perform(effect))

    def pending(self, kind: type[TicketedEffect]) -> list[Any]:
        return [effect for effect in self.effects if isinstance(effect, kind)]

    def run_effects(self, result: Plan | StreamingError | None = None) -> None:
        """Perform all effects; the plan of a request is ``result``, or made of the words of its content."""
        while self.effects:
            effect = self.effects[0]
            if isinstance(effect, Prepare):
                words = [word + " " for word in effect.request.content.split()]
                self.prepare(effect, result or plan_of(words))
            elif isinstance(effect, Authenticate):
                self.check(AccessRefusal.UNAVAILABLE)
            else:
                self.perform(effect)

    def stream(
        self, *chunks: str, speed: Speed = Speed.SUPERFAST, content: str = "some words", **fields: object
    ) -> None:
        """Send a request and perform its effects, up to its first chunk."""
        self.request(content, **fields)
        self.run_effects(plan_of(chunks, speed))

    def set_blocked(self, blocked: bool) -> None:
        self.blocked = blocked
        self.execute((self.machine.block if blocked else self.machine.unblock)(at(self.now)))

    @property
    def outcomes(self) -> list[Outcome]:
        """Of the streams that have ended."""
        return [event.outcome for event in self.event(StreamEnded)]

    @property
    def close_code(self) -> int | None:
        return self.close.code if self.close else None

    def types(self) -> list[str]:
        return [message["type"] for _, message in self.sent]

    def all(self, type_: str) -> list[Message]:
        return [message for _, message in self.sent if message["type"] == type_]

    def last(self) -> Message:
        return self.sent[-1][1]

    def event(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

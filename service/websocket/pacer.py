"""Sends the running middle of each stream, without its driver and its machine.

All gaps are whole slots of the ticker, so runs with one gap that are due in one slot stay together: they form a phase,
which the ticker wakes as one sleeper.
"""

from typing import Protocol

from service.protocol.instant import Instant
from service.protocol.server_messages import Chunk
from service.session.ports import Connection
from service.session.run import Run
from service.websocket.message_writer import MessageWriter
from service.websocket.ticker import QUANTUM_SECONDS, Ticker, slot_after, slot_before


class RunOwner(Protocol):
    """The driver of a stream. No method raises; each of them stops its run."""

    def wake(self, now: Instant) -> None:
        """The machine decides what follows: the run is over or may miss a deadline, or its connection is blocked."""

    def fail(self, exception: Exception) -> None:
        """A chunk could not be sent."""


class PacedRun:
    """A run on its way."""

    __slots__ = ("_exception", "_frames", "_owner", "_run", "connection", "phase", "sent")

    def __init__(self, run: Run, connection: Connection, owner: RunOwner) -> None:
        self._run = run
        self._frames = run.frames.between(run.start, run.end)
        self._owner = owner
        self._exception: Exception | None = None
        self.connection = connection
        self.phase: Phase | None = None
        """``None`` while it is in none."""
        self.sent = 0
        """The number of chunks that were sent."""

    @property
    def gap_seconds(self) -> float:
        return self._run.pace.gap_seconds

    @property
    def due_at(self) -> float:
        """When the next chunk is due, in monotonic seconds."""
        return self._run.pace.due(self._run.start + self.sent)

    def rebase(self, now: Instant) -> bool:
        """Let the next chunk be due now if it is too late; return false if it is for the machine to decide."""
        run, index = self._run, self._run.start + self.sent
        if not run.ends_in_time(index, now.seconds):
            return False
        run.pace.rebase(index, now.seconds)
        return True

    def send(self, json_timestamp: bytes) -> int:
        """Send the next chunk; return the bytes of its payload, 0 if there is none or it could not be sent."""
        try:
            frame = next(self._frames, None)
            if frame is None:
                return 0
            before, after, payload_bytes = frame
            self.connection.write(before + json_timestamp + after)
        except Exception as exception:  # noqa: BLE001 - the outermost guard of this connection
            self._exception = exception
            return 0
        self.sent += 1
        return payload_bytes

    def give_back(self, now: Instant) -> None:
        """Let the owner stop the run."""
        if self._exception is None:
            self._owner.wake(now)
        else:
            self._owner.fail(self._exception)


class Phase:
    """The runs with one gap whose next chunks are due in one slot: a sleeper of the ticker."""

    __slots__ = ("_first", "_pacer", "due_slot", "gap_seconds", "gap_slots", "runs", "slot", "wake_at")

    def __init__(self, pacer: "Pacer", due_slot: int, gap_seconds: float) -> None:
        self._pacer = pacer
        self._first: PacedRun | None = None
        """The run that is due first, within the slot."""
        self.due_slot = due_slot
        self.gap_seconds = gap_seconds
        self.gap_slots = round(gap_seconds / QUANTUM_SECONDS)
        self.runs: dict[PacedRun, None] = {}
        self.slot: int | None = None
        self.wake_at = 0.0
        """When its first chunk is due."""

    def add(self, run: PacedRun) -> None:
        run.phase = self
        self.runs[run] = None
        if self._first is None or run.due_at < self._first.due_at:
            self._set_first(run)

    def remove(self, *runs: PacedRun) -> None:
        for run in runs:
            run.phase = None
            del self.runs[run]
        if self._first not in self.runs:
            self._set_first(min(self.runs, key=_due_at, default=None))

    def advance(self) -> None:
        """A chunk of each run was sent."""
        self.due_slot += self.gap_slots
        self._set_first(self._first)

    def wake(self, now: Instant) -> None:
        self._pacer.sweep(self, now)

    def _set_first(self, run: PacedRun | None) -> None:
        self._first = run
        if run is not None:
            self.wake_at = run.due_at


class Pacer:
    """All runs of a process."""

    def __init__(self, ticker: Ticker, writer: MessageWriter) -> None:
        self._ticker = ticker
        self._writer = writer
        self._phases: dict[tuple[int, float], Phase] = {}
        """By ``due_slot`` and ``gap_seconds``. None is empty."""

    def start(self, run: Run, connection: Connection, owner: RunOwner) -> PacedRun:
        paced = PacedRun(run, connection, owner)
        self._file(paced)
        return paced

    def stop(self, run: PacedRun) -> None:
        """Send nothing more of the run."""
        phase = run.phase
        if phase is not None:
            phase.remove(run)
            if not phase.runs:
                self._ticker.cancel(phase)
                del self._phases[phase.due_slot, phase.gap_seconds]

    def sweep(self, phase: Phase, now: Instant) -> None:
        """Send the chunks of the phase that are due. A run that has to stop is given back."""
        late_slots = slot_before(now.seconds) - phase.due_slot
        if late_slots < 0:  # the ticker woke it early
            self._ticker.schedule(phase, phase.wake_at)
            return
        del self._phases[phase.due_slot, phase.gap_seconds]
        # A chunk is due up to a slot before its phase, so later than this the next one of its run may be due too.
        is_late = late_slots >= phase.gap_slots - 1
        for run in self._send_late(phase, now) if is_late else self._send(phase, now):
            run.give_back(now)

    def _send(self, phase: Phase, now: Instant) -> list[PacedRun]:
        """Send a chunk of each run, and move the phase on. Return the runs that have to stop."""
        json_timestamp = now.json_timestamp
        chunks = payload_bytes = 0
        stopped: list[PacedRun] = []
        for run in phase.runs:
            size_bytes = run.send(json_timestamp)
            if size_bytes:
                chunks += 1
                payload_bytes += size_bytes
            if not size_bytes or run.connection.blocked:
                stopped.append(run)
        self._writer.count(Chunk, chunks, payload_bytes)
        phase.remove(*stopped)
        phase.advance()
        if phase.runs:
            self._file_phase(phase)
        return stopped

    def _send_late(self, phase: Phase, now: Instant) -> list[PacedRun]:
        """Send all chunks that are due, and file each run anew. Return the runs that have to stop."""
        json_timestamp = now.json_timestamp
        chunks = payload_bytes = 0
        stopped: list[PacedRun] = []
        for run in phase.runs:
            run.phase = None
            size_bytes = run.send(json_timestamp) if run.rebase(now) else 0
            while size_bytes:
                chunks += 1
                payload_bytes += size_bytes
                if run.due_at > now.seconds:
                    break
                size_bytes = run.send(json_timestamp)
            if not size_bytes or run.connection.blocked:
                stopped.append(run)
            else:
                self._file(run)
        self._writer.count(Chunk, chunks, payload_bytes)
        return stopped

    def _file(self, run: PacedRun) -> None:
        key = slot_after(run.due_at), run.gap_seconds
        phase = self._phases.get(key)
        if phase is not None:
            phase.add(run)
            return
        phase = self._phases[key] = Phase(self, *key)
        phase.add(run)
        self._ticker.schedule(phase, phase.wake_at)

    def _file_phase(self, phase: Phase) -> None:
        key = phase.due_slot, phase.gap_seconds
        other = self._phases.setdefault(key, phase)
        if other is phase:
            self._ticker.schedule(phase, phase.wake_at)
        else:
            for run in phase.runs:
                other.add(run)


def _due_at(run: PacedRun) -> float:
    return run.due_at

"""Sends the running middle of each stream, without its driver and its machine.

All gaps are whole slots of the ticker, so runs with one gap that are due in one slot stay together: they form a phase,
which the ticker wakes as one sleeper.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable
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

    __slots__ = ("_pacer", "due_slot", "gap_seconds", "gap_slots", "runs", "slot", "waits")

    def __init__(self, pacer: "Pacer", due_slot: int, gap_seconds: float) -> None:
        self._pacer = pacer
        self.due_slot = due_slot
        self.gap_seconds = gap_seconds
        self.gap_slots = round(gap_seconds / QUANTUM_SECONDS)
        self.runs: dict[PacedRun, float] = {}
        """Each with its wait, from the time at which its chunk is due to the slot. It is the same in all slots."""
        self.waits: list[float] = []
        """Of all runs, in ascending order."""
        self.slot: int | None = None

    @property
    def slot_seconds(self) -> float:
        return self.due_slot * QUANTUM_SECONDS

    @property
    def wake_at(self) -> float:
        """When its first chunk is due."""
        return self.slot_seconds - self.waits[-1]

    def add(self, run: PacedRun, due_at: float) -> None:
        run.phase = self
        wait = self.runs[run] = self.slot_seconds - due_at
        insort(self.waits, wait)

    def remove(self, runs: Iterable[PacedRun]) -> None:
        for run in runs:
            run.phase = None
            del self.waits[bisect_left(self.waits, self.runs.pop(run))]

    def wake(self, now: Instant) -> None:
        self._pacer.sweep(self, now)


class Pacer:
    """All runs of a process."""

    def __init__(self, ticker: Ticker, writer: MessageWriter) -> None:
        self._ticker = ticker
        self._writer = writer
        self._phases: dict[tuple[int, float], Phase] = {}
        """By ``due_slot`` and ``gap_seconds``. None is empty."""

    def start(self, run: Run, connection: Connection, owner: RunOwner) -> PacedRun:
        paced = PacedRun(run, connection, owner)
        self._file(paced, paced.due_at)
        return paced

    def stop(self, run: PacedRun) -> None:
        """Send nothing more of the run."""
        phase = run.phase
        if phase is not None:
            phase.remove([run])
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
        payload_bytes = 0
        ended: list[PacedRun] = []
        blocked: list[PacedRun] = []
        for run in phase.runs:
            size_bytes = run.send(json_timestamp)
            if not size_bytes:
                ended.append(run)
                continue
            payload_bytes += size_bytes
            if run.connection.blocked:
                blocked.append(run)
        phase.remove(ended)
        self._writer.count(Chunk, len(phase.runs), payload_bytes)
        self._writer.count_lags(phase.waits, now.seconds - phase.slot_seconds)
        phase.remove(blocked)
        phase.due_slot += phase.gap_slots
        if phase.runs:
            self._file_phase(phase)
        return ended + blocked

    def _send_late(self, phase: Phase, now: Instant) -> list[PacedRun]:
        """Send all chunks that are due, and file each run anew. Return the runs that have to stop."""
        json_timestamp = now.json_timestamp
        payload_bytes = 0
        lags: list[float] = []
        stopped: list[PacedRun] = []
        for run, wait in phase.runs.items():
            run.phase = None
            due_at = phase.slot_seconds - wait
            size_bytes = run.send(json_timestamp) if run.rebase(now) else 0
            while size_bytes:
                payload_bytes += size_bytes
                lags.append(now.seconds - due_at)
                due_at = run.due_at
                if due_at > now.seconds:
                    break
                size_bytes = run.send(json_timestamp)
            if not size_bytes or run.connection.blocked:
                stopped.append(run)
            else:
                self._file(run, due_at)
        self._writer.count(Chunk, len(lags), payload_bytes)
        self._writer.count_lags(sorted(lags))
        return stopped

    def _file(self, run: PacedRun, due_at: float) -> None:
        key = slot_after(due_at), run.gap_seconds
        phase = self._phases.get(key)
        if phase is not None:
            phase.add(run, due_at)
            return
        phase = self._phases[key] = Phase(self, *key)
        phase.add(run, due_at)
        self._ticker.schedule(phase, due_at)

    def _file_phase(self, phase: Phase) -> None:
        key = phase.due_slot, phase.gap_seconds
        other = self._phases.setdefault(key, phase)
        if other is phase:
            self._ticker.schedule(phase, phase.wake_at)
        else:
            for run in phase.runs:
                other.add(run, run.due_at)

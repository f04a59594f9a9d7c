"""What a connection, and all connections together, may send: arithmetic on a clock that is handed in.

All times are seconds of one monotonic clock.
"""

from collections.abc import Mapping
from typing import TypeVar

from service.protocol.limits import InputLimit, InputLimits, Rate

Holder = TypeVar("Holder")


def charge(rate: Rate, paid_until: float, amount: int, now: float) -> float | None:
    """The generic cell rate algorithm: return the new ``paid_until``; ``None`` if ``amount`` is over the rate.

    Each unit costs ``1 / per_second`` of time. The payment may run ahead of ``now`` by the time of a burst.
    """
    ahead = max(paid_until - now, 0) + amount / rate.per_second
    return now + ahead if ahead <= rate.burst / rate.per_second else None


class InputBudget:
    """The budget of one connection. Each method returns the limit that is exceeded, if any."""

    __slots__ = (
        "_began_at",
        "_bytes_until",
        "_examined_at",
        "_frames_until",
        "_limits",
        "_message_bytes",
        "_progress_at",
    )

    def __init__(self, limits: InputLimits) -> None:
        self._limits = limits
        self._frames_until = 0.0
        self._bytes_until = 0.0
        self._began_at = 0.0
        self._progress_at = 0.0
        self._examined_at = 0.0
        self._message_bytes = 0

    def receive_frames(self, count: int, now: float) -> InputLimit | None:
        until = charge(self._limits.frames, self._frames_until, count, now)
        if until is None:
            return InputLimit.FRAMES
        self._frames_until = until
        return None

    def receive_bytes(self, count: int, now: float) -> InputLimit | None:
        until = charge(self._limits.bytes, self._bytes_until, count, now)
        if until is None:
            return InputLimit.BYTES
        self._bytes_until = until
        return None

    def begin_message(self, message_bytes: int, now: float) -> None:
        """A message began whose end has not arrived; ``message_bytes`` of it have."""
        self._began_at = self._progress_at = self._examined_at = now
        self._message_bytes = message_bytes

    def wait_for_message(self, message_bytes: int, now: float, *, reading: bool) -> InputLimit | None:
        """The message is still unfinished, with this much of it.

        Without ``reading``, the time since the last call is not that of the client.
        """
        if not reading:
            self._began_at += now - self._examined_at
        if message_bytes != self._message_bytes or not reading:
            self._message_bytes = message_bytes
            self._progress_at = now
        self._examined_at = now
        stalled = now - self._progress_at >= self._limits.message_stall_seconds
        return InputLimit.MESSAGE if stalled or now - self._began_at >= self._limits.message_seconds else None


def select_holders(held: Mapping[Holder, int], limit_bytes: int) -> tuple[Holder, ...]:
    """Return the largest, whose release brings the sum to three quarters of the limit; none if it is not over."""
    total = sum(held.values())
    selected: list[Holder] = []
    if total > limit_bytes:
        for holder in sorted(held, key=held.__getitem__, reverse=True):
            if total * 4 <= limit_bytes * 3:
                break
            selected.append(holder)
            total -= held[holder]
    return tuple(selected)


class InputMemory:
    """The budget of the process for what all connections hold. It is measured only when it may be exceeded."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._unmeasured_bytes = limit_bytes

    def receive(self, bytes_: int) -> bool:
        """Bytes arrived; return whether ``select`` is due."""
        self._unmeasured_bytes -= bytes_
        return self._unmeasured_bytes < 0

    def select(self, held: Mapping[Holder, int]) -> tuple[Holder, ...]:
        """Return the connections to end, by what each holds. The sum exceeds the limit by at most an eighth."""
        selected = select_holders(held, self._limit_bytes)
        remaining = sum(held.values()) - sum(held[holder] for holder in selected)
        self._unmeasured_bytes = max(self._limit_bytes - remaining, self._limit_bytes // 8)
        return selected

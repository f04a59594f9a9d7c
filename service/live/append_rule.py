"""Decides what an append does to a stream, and why one is refused."""

from collections.abc import Callable
from enum import StrEnum
from hashlib import sha256

from msgspec import Struct

from service.live.ports import Appended, AppendResult, Refused
from service.live.records import Append, LiveStatus


class Refusal(StrEnum):
    """Why an append was refused. Nothing of it was stored."""

    UNKNOWN = "unknown"
    """There is no such stream, or it was deleted."""
    FENCED = "fenced"
    """The epoch is not that of the stream: another producer has adopted it."""
    ENDED = "ended"
    """The stream has ended."""
    GAP = "gap"
    """The offset is beyond the end of the source."""
    MISMATCH = "mismatch"
    """The source that is stored has other bytes, another end or another digest."""
    TOO_LARGE = "too_large"
    """The source would exceed its maximum size."""
    FULL = "full"
    """The store has no room."""
    OVERLOADED = "overloaded"
    """Too many bytes wait to be stored."""


class StoredStream(Struct, frozen=True):
    """What the decision depends on, beside the source."""

    epoch: int
    length: int
    status: LiveStatus


class Room(Struct, frozen=True):
    """How much may be stored, in bytes."""

    max_length: int
    """Of the source of a stream."""
    free: int
    """In the store."""


Read = Callable[[int, int], bytes]
"""Returns the source from one offset to another."""


def decide(stream: StoredStream | None, append: Append, room: Room, read: Read) -> AppendResult:
    """Return what is to be stored, or why nothing is.

    An append may overlap the end of the source, as a producer that repeats may cut its bytes differently: what is there
    already must be equal. An end belongs at the end of the source, and one that is repeated is no error.
    """
    if stream is None:
        return Refused(Refusal.UNKNOWN, 0)
    if (reason := _refusal(stream, append, room, read)) is not None:
        return Refused(reason, stream.length, stream.status)
    added = append.data[stream.length - append.offset :]
    repeated = stream.status is not LiveStatus.OPEN
    return Appended(stream.length + len(added), added, append.ends or stream.status, repeated)


def _refusal(stream: StoredStream, append: Append, room: Room, read: Read) -> Refusal | None:  # noqa: PLR0911 - one each
    end = append.offset + len(append.data)
    if append.epoch != stream.epoch:
        return Refusal.FENCED
    if stream.status is not LiveStatus.OPEN:
        repeated = append.ends is stream.status and end == stream.length and _agrees(stream, append, read)
        return None if repeated else Refusal.ENDED
    if append.offset > stream.length:
        return Refusal.GAP
    if (append.ends is not None and end < stream.length) or not _agrees(stream, append, read):
        return Refusal.MISMATCH
    if end > max(stream.length, room.max_length):
        return Refusal.TOO_LARGE
    if end - stream.length > max(0, room.free):
        return Refusal.FULL
    return None


def _agrees(stream: StoredStream, append: Append, read: Read) -> bool:
    """Whether the append, at an offset within the source, repeats what is stored; with a digest, that of the whole."""
    repeated = append.data[: stream.length - append.offset]
    if repeated and read(append.offset, append.offset + len(repeated)) != repeated:
        return False
    if append.digest is None:
        return True
    return sha256(read(0, append.offset) + append.data).digest() == append.digest

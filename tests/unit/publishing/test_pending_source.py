"""What a producer has sent is joined while the store works, and nothing of it is lost or reordered."""

from hypothesis import given
from hypothesis import strategies as st

from service.live.append_limits import MAX_APPEND_BYTES, MAX_QUEUED_BYTES
from service.live.records import Append, LiveStatus
from service.publishing.pending_source import PendingSource


def taken(pending: PendingSource) -> list[Append]:
    """All that waits, each part stored at once."""
    parts = []
    while pending:
        part = pending.take("s", 1)
        parts.append(part)
        pending.stored(part.offset + len(part.data))
    return parts


@given(st.lists(st.binary(max_size=9), max_size=20))
def test_what_follows_on_one_another_is_one_append(pieces: list[bytes]) -> None:
    pending = PendingSource(3)
    offset = 3
    for piece in pieces:
        pending.put(offset, piece)
        offset += len(piece)
    assert (pending.accepted, pending.durable, pending.bytes) == (offset, 3, offset - 3)
    pending.put(offset, b"", LiveStatus.COMPLETE, b"digest")
    whole = b"".join(pieces)
    assert taken(pending) == [Append("s", 1, 3, whole, LiveStatus.COMPLETE, b"digest")]
    assert (pending.accepted, pending.durable, pending.bytes) == (offset, offset, 0)


def test_nothing_follows_on_an_end_and_no_part_is_larger_than_an_append() -> None:
    pending = PendingSource(0)
    pending.put(0, b"a" * MAX_APPEND_BYTES)
    pending.put(MAX_APPEND_BYTES, b"b")
    pending.put(MAX_APPEND_BYTES + 1, b"", LiveStatus.ERROR)
    pending.put(MAX_APPEND_BYTES + 1, b"late")
    parts = taken(pending)
    assert [(part.offset, part.data[:4], part.ends) for part in parts] == [
        (0, b"aaaa", None),
        (MAX_APPEND_BYTES, b"b", LiveStatus.ERROR),
        (MAX_APPEND_BYTES + 1, b"late", None),
    ]


def test_what_leaves_a_gap_is_not_accepted() -> None:
    pending = PendingSource(5)
    pending.put(9, b"x")
    assert pending.accepted == 5
    pending.take("s", 0)
    pending.refused()
    assert (pending.accepted, pending.durable, pending.bytes) == (5, 5, 0)


def test_it_is_full_with_too_many_bytes_and_with_too_many_parts() -> None:
    pending = PendingSource(0)
    for part in range(MAX_QUEUED_BYTES // MAX_APPEND_BYTES):
        pending.put(part * MAX_APPEND_BYTES, b"a" * MAX_APPEND_BYTES)
    assert not pending.is_full
    pending.put(MAX_QUEUED_BYTES, b"a")
    assert pending.is_full
    for _ in range(3):
        pending.stored(len(pending.take("s", 0).data))
    assert pending.has_room
    holes = PendingSource(0)
    while not holes.is_full:
        holes.put(7, b"")
        holes.put(3, b"")
    assert not holes.bytes


def test_it_ends_while_the_end_is_being_stored() -> None:
    pending = PendingSource(0)
    pending.put(0, b"a", LiveStatus.COMPLETE)
    assert not pending.ends
    pending.take("s", 0)
    assert pending.ends
    pending.stored(1)
    assert not pending.ends


def test_what_waits_can_be_dropped_and_what_is_being_stored_remains() -> None:
    pending = PendingSource(0)
    pending.put(0, b"stored")
    part = pending.take("s", 1)
    pending.put(6, b" dropped", LiveStatus.COMPLETE)
    pending.drop()
    assert (bool(pending), pending.bytes, pending.accepted) == (False, 6, 0)
    pending.stored(len(part.data))
    assert (pending.bytes, pending.accepted, pending.durable) == (0, 6, 6)
    pending.drop()
    assert (pending.bytes, pending.accepted, pending.durable) == (0, 6, 6)

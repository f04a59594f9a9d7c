"""What an append does: against a model that has the whole source, and case by case."""

from hashlib import sha256
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.live.append_rule import Refusal, Room, StoredStream, decide
from service.live.ports import Appended, AppendResult, Refused
from service.live.records import Append, LiveStatus

ENDS = (None, LiveStatus.COMPLETE, LiveStatus.ERROR, LiveStatus.CANCELLED)
ROOMY = Room(max_length=1000, free=1000)
FULL = Room(max_length=1000, free=0)


def applied(
    source: bytes, append: Append, *, epoch: int = 0, status: LiveStatus = LiveStatus.OPEN, room: Room = ROOMY
) -> AppendResult:
    """The decision for a stream with this source."""
    return decide(StoredStream(epoch, len(source), status), append, room, lambda start, stop: source[start:stop])


def append(offset: int, data: bytes = b"", ends: LiveStatus | None = None, digest: bytes | None = None) -> Append:
    return Append("s", 0, offset, data, ends, digest)


@given(st.data())
def test_every_cut_and_repetition_of_a_source_stores_it_once(data: st.DataObject) -> None:
    source = data.draw(st.binary(max_size=60))
    stored = b""
    while stored != source or data.draw(st.booleans()):
        start = data.draw(st.integers(0, len(stored)))
        stop = data.draw(st.integers(start, len(source)))
        result = applied(stored, append(start, source[start:stop]))
        assert result == Appended(max(len(stored), stop), source[len(stored) : stop], LiveStatus.OPEN)
        assert isinstance(result, Appended)
        stored += result.data
    ended = applied(stored, append(len(source), ends=LiveStatus.COMPLETE, digest=sha256(source).digest()))
    assert ended == Appended(len(source), b"", LiveStatus.COMPLETE)


class Case(NamedTuple):
    source: bytes
    offset: int
    data: bytes
    repeats: bool
    """Whether the rest of the source comes before ``data``."""
    epoch: int
    status: LiveStatus
    ends: LiveStatus | None
    digest: bool | None
    """Whether it is right, if there is one."""
    room: Room


cases = st.builds(
    Case,
    source=st.binary(max_size=12),
    offset=st.integers(0, 14),
    data=st.binary(max_size=12),
    repeats=st.booleans(),
    epoch=st.integers(-1, 1),
    status=st.sampled_from(LiveStatus),
    ends=st.sampled_from(ENDS),
    digest=st.sampled_from((None, True, False)),
    room=st.builds(Room, max_length=st.integers(0, 20), free=st.integers(-2, 12)),
)


def expected(case: Case, whole: bytes) -> Refusal | None:
    """Why an append that makes the source ``whole`` is refused."""
    source = case.source
    if case.epoch != 0:
        return Refusal.FENCED
    equal = (whole.startswith(source) or source.startswith(whole)) and case.digest is not False
    if case.status is not LiveStatus.OPEN:
        return None if case.ends is case.status and whole == source and equal else Refusal.ENDED
    if case.offset > len(source):
        return Refusal.GAP
    if not equal or (case.ends is not None and not whole.startswith(source)):
        return Refusal.MISMATCH
    grown = len(whole) - len(source)
    if grown > 0 and len(whole) > case.room.max_length:
        return Refusal.TOO_LARGE
    return Refusal.FULL if grown > 0 and grown > case.room.free else None


@given(cases)
def test_the_decision_is_that_of_the_model(case: Case) -> None:
    source, status = case.source, case.status
    data = source[case.offset :] + case.data if case.repeats else case.data
    whole = source[: case.offset].ljust(case.offset, b"?") + data
    digest = None if case.digest is None else sha256(whole + (b"" if case.digest else b"!")).digest()
    one = Append("s", case.epoch, case.offset, data, case.ends, digest)
    result = applied(source, one, status=status, room=case.room)
    if (reason := expected(case, whole)) is not None:
        assert result == Refused(reason, len(source), status)
    else:
        assert result == Appended(
            max(len(whole), len(source)), whole[len(source) :], case.ends or status, status is not LiveStatus.OPEN
        )


def test_there_is_nothing_to_append_to_without_a_stream() -> None:
    assert decide(None, append(3, b"abc"), ROOMY, lambda _start, _stop: b"") == Refused(Refusal.UNKNOWN, 0)


@pytest.mark.parametrize("epoch", [0, 2])
def test_every_other_epoch_is_fenced_also_after_the_end(epoch: int) -> None:
    for status in LiveStatus:
        result = applied(b"abc", Append("s", epoch, 3, b"d"), epoch=1, status=status)
        assert result == Refused(Refusal.FENCED, 3, status)


def test_a_repeated_end_succeeds_and_another_one_does_not() -> None:
    complete = LiveStatus.COMPLETE
    for repeated in (append(3, b"", complete), append(1, b"bc", complete)):
        assert applied(b"abc", repeated, status=complete) == Appended(3, b"", complete, repeated=True)
    for other in (
        append(3, b""),
        append(3, b"d", complete),
        append(2, b"", complete),
        append(1, b"xx", complete),
        append(3, b"", LiveStatus.ERROR),
        append(3, b"", complete, sha256(b"abd").digest()),
    ):
        assert applied(b"abc", other, status=complete) == Refused(Refusal.ENDED, 3, complete)


def test_the_end_is_refused_with_the_data_that_come_with_it() -> None:
    wrong = append(3, b"d", LiveStatus.COMPLETE, sha256(b"abc").digest())
    assert applied(b"abc", wrong) == Refused(Refusal.MISMATCH, 3)
    assert applied(b"abc", append(2, b"", LiveStatus.COMPLETE)) == Refused(Refusal.MISMATCH, 3), "an earlier end"


def test_a_source_that_cannot_grow_can_be_repeated_and_ended() -> None:
    for room in (FULL, Room(max_length=1, free=1000)):
        assert applied(b"abc", append(1, b"bc"), room=room) == Appended(3, b"", LiveStatus.OPEN)
        assert applied(b"abc", append(3, b"", LiveStatus.ERROR), room=room) == Appended(3, b"", LiveStatus.ERROR)

"""Notices as bytes."""

from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from service.live.ports import LiveNotice, SourceStored
from service.publishing.notice_codec import decode_notices, encode_notices
from tests.unit.publishing.notices import a_record, one_of_each, stored

_MOST = 4096


def _sent(notices: list[LiveNotice]) -> list[LiveNotice]:
    return list(chain.from_iterable(decode_notices(message) for message in encode_notices(notices, _MOST)))


def test_notices_arrive_as_they_were_sent() -> None:
    assert _sent(one_of_each()) == one_of_each()


@given(st.lists(st.integers(0, _MOST // 2), max_size=30))
def test_messages_keep_the_limit_and_the_order(sizes: list[int]) -> None:
    notices: list[LiveNotice] = [stored(index, bytes(size)) for index, size in enumerate(sizes)]
    assert all(len(message) <= _MOST for message in encode_notices(notices, _MOST))
    assert _sent(notices) == notices


def test_many_small_notices_are_one_message() -> None:
    assert len(list(encode_notices([stored(index, b"token ") for index in range(10)], _MOST))) == 1


def test_data_that_does_not_fit_is_left_out_and_its_end_is_not() -> None:
    (notice,) = _sent([stored(10, bytes(_MOST))])
    assert notice == SourceStored("stream", 0, 10 + _MOST, b"", a_record().status)


def test_a_message_that_is_not_valid_is_ignored() -> None:
    (message,) = encode_notices(one_of_each(), _MOST)
    for broken in (b"", b"\xc1", message[:-1], message + b"x", b"\x91" * 100_000):
        assert decode_notices(broken) == []

"""The delays between attempts to connect."""

import pytest

from streaming_content import BackOff, ConnectFailed, ConnectionClosed, ServerError, StreamingError


def test_delays_double_up_to_the_longest_and_start_again_after_progress() -> None:
    back_off = BackOff(first=1, longest=4, random_number=lambda: 1.0)
    lost = ConnectionClosed(1006)
    assert [back_off.next(lost) for _ in range(4)] == [1, 2, 4, 4]
    back_off.reset()
    assert back_off.next(lost) == 1


def test_each_delay_is_between_half_of_its_maximum_and_the_maximum() -> None:
    assert BackOff(first=1, random_number=lambda: 0.0).next(ConnectionClosed(1006)) == 0.5


@pytest.mark.parametrize(
    "error",
    [
        ConnectionClosed(1012, "the server restarts, reconnect soon; retry_after_ms=8000"),
        ConnectionClosed(4101, "over capacity; retry_after_ms=8000"),
        ConnectFailed("", 503, "8"),
    ],
)
def test_a_stated_time_is_followed_and_up_to_a_quarter_more(error: StreamingError) -> None:
    assert BackOff(random_number=lambda: 0.0).next(error) == 8
    assert BackOff(random_number=lambda: 1.0).next(error) == 10


def test_a_stated_time_is_followed_for_at_most_five_minutes() -> None:
    assert BackOff(random_number=lambda: 0.0).next(ConnectionClosed(1012, "retry_after_ms=99999999999")) == 300


@pytest.mark.parametrize(
    "error",
    [
        ConnectionClosed(1012, "retry_after_ms=soon"),
        ConnectionClosed(1012, "retry_after_ms=-5"),
        ConnectFailed("", 503, "Wed, 21 Oct 2026 07:28:00 GMT"),
        ConnectFailed(""),
        ServerError({}),
    ],
)
def test_without_a_time_the_delay_grows(error: StreamingError) -> None:
    assert BackOff(first=1, random_number=lambda: 1.0).next(error) == 1

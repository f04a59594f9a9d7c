"""After which failures a producer goes on, how, and when."""

import pytest

from streaming_content import (
    BackOff,
    ConnectFailed,
    ConnectionClosed,
    PublishFailed,
    PublishRefused,
    StreamingError,
    TokenUnavailable,
)
from streaming_content.retries import Retries


def retries() -> Retries:
    return Retries(300, BackOff(random_number=lambda: 1.0))


def refused(code: str, status: int = 0, **fields: object) -> PublishRefused:
    return PublishRefused(status, {"code": code, "message": "Stop.", **fields})


@pytest.mark.parametrize(
    "error",
    [
        ConnectFailed("closed"),
        ConnectFailed("closed", 503),
        ConnectionClosed(1006),
        ConnectionClosed(1008),
        ConnectionClosed(1012),
        ConnectionClosed(4122),
        refused("gap", 409, offset=3),
        refused("internal_error"),
        refused("store_unavailable", retry_after_ms=1),
        TokenUnavailable("none"),
    ],
)
def test_what_may_pass_is_tried_again(error: StreamingError) -> None:
    assert retries().after(error, 0) == 0.25


@pytest.mark.parametrize(
    "error",
    [
        ConnectionClosed(4121),
        ConnectionClosed(4123),
        refused("mismatch", 409, offset=3),
        refused("requests_used_up", 429),
        refused("source_too_large", 413),
        refused("token_expired", 401),
        refused("unknown_stream", 404),
    ],
)
def test_what_does_not_pass_ends_the_producer(error: StreamingError) -> None:
    with pytest.raises(type(error)) as raised:
        retries().after(error, 0)
    assert raised.value is error


def test_delays_grow_until_there_is_progress() -> None:
    one = retries()
    assert [one.after(ConnectionClosed(1006), 0) for _ in range(3)] == [0.25, 0.5, 1]
    one.progress()
    assert one.after(ConnectionClosed(1006), 0) == 0.25


def test_the_service_may_ask_for_more_time() -> None:
    assert retries().after(refused("store_full", 503, retry_after_ms=60_000), 0) == 60


def test_without_progress_for_too_long_it_fails() -> None:
    lost = ConnectionClosed(1006)
    with pytest.raises(PublishFailed, match="300 s") as raised:
        retries().after(lost, 301)
    assert raised.value.__cause__ is lost


def test_calls_are_used_where_sockets_are_refused() -> None:
    one = retries()
    one.after(ConnectFailed("refused by a proxy", 403), 0)
    assert one.uses_calls
    with pytest.raises(ConnectFailed):
        one.after(ConnectFailed("refused by a proxy", 403), 0)


def test_sockets_and_calls_are_tried_in_turn() -> None:
    one, used = retries(), []
    for _ in range(7):
        one.after(ConnectFailed("closed"), 0)
        used.append(one.uses_calls)
    assert used == [False, False, True, False, True, False, True]


def test_a_busy_service_is_no_reason_to_change() -> None:
    one = retries()
    one.after(ConnectFailed("refused by a proxy", 403), 0)
    one.after(refused("overloaded", 429, retry_after_ms=250), 0)
    assert one.uses_calls

"""Messages are written once and counted by type and size, chunks also by their lag."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.events import CHUNK_LAG_SECONDS
from service.protocol.codec import encode
from service.protocol.server_messages import Chunk, HeartbeatAck, Pong, ServerMessage
from service.websocket.message_writer import MessageWriter
from tests.unit.websocket.test_driver import Socket

TIME = "2026-11-23T21:27:23.612Z"


def test_messages_are_counted_since_the_last_call() -> None:
    writer, socket = MessageWriter(), Socket()
    assert writer.take_counts() is None
    messages: list[ServerMessage] = [Pong(TIME), Pong(TIME), HeartbeatAck(TIME, "s-1")]
    for message in messages:
        writer.send(socket, message)
    counts = writer.take_counts()
    assert counts is not None
    assert (counts.counts, counts.bytes) == ({Pong: 2, HeartbeatAck: 1}, sum(len(encode(one)) for one in messages))
    assert socket.sent == ["pong", "pong", "heartbeat_ack"]
    assert writer.take_counts() is None


exact_lags = st.integers(0, 4096).map(lambda count: count / 1024)
"""Seconds that floating-point numbers add without an error, up to more than the last bound."""


@given(calls=st.lists(st.tuples(st.lists(exact_lags).map(sorted), exact_lags), min_size=1))
def test_each_lag_is_counted_once_in_the_bucket_of_its_value(calls: list[tuple[list[float], float]]) -> None:
    writer = MessageWriter()
    for lags, more in calls:
        writer.count(Chunk, len(lags), 10)
        writer.count_lags(lags, more)
    counts = writer.take_counts()
    assert counts is not None
    expected = [lag + more for lags, more in calls for lag in lags]
    bounds = (0.0, *CHUNK_LAG_SECONDS, math.inf)
    found = (sum(lower < lag <= upper for lag in expected) for lower, upper in pairwise(bounds))
    assert counts.chunk_lags.counts == (expected.count(0.0) + next(found), *found)
    assert counts.chunk_lags.seconds == pytest.approx(sum(expected))
    writer.count(Chunk, 1, 10)
    again = writer.take_counts()
    assert again is not None
    assert (sum(again.chunk_lags.counts), again.chunk_lags.seconds) == (0, 0.0)

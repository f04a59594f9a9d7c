"""What a producer has written, and how its stream ends."""

import asyncio
import hashlib

import pytest

from streaming_content import ProducerFenced, PublishFailed, StreamCancelled, StreamEnded
from streaming_content.publication import Publication


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def publication(offset: int = 0, clock: Clock | None = None) -> Publication:
    return Publication("s", 0, offset, clock or Clock())


def test_the_end_follows_what_is_written() -> None:
    one = publication()
    one.write("abc")
    assert one.end(3) is None
    one.end_as("complete")
    one.end_as("error")  # the first decides
    assert one.end(2) is None
    digest = hashlib.sha256(b"abc").hexdigest()
    assert one.end(3) == {"status": "complete", "offset": 3, "sha256": digest}


def test_what_another_producer_began_has_no_digest() -> None:
    one = publication(5)
    one.end_as("complete")
    assert one.end(5) == {"status": "complete", "offset": 5}


@pytest.mark.parametrize(
    ("own", "status", "length", "error"),
    [
        ("complete", "complete", 3, None),
        ("complete", "complete", 2, StreamEnded),  # of another one: it lacks a byte of this one
        ("complete", "cancelled", 3, StreamCancelled),
        ("cancelled", "cancelled", 1, None),
        ("error", "error", 3, None),
        (None, "cancelled", 0, StreamCancelled),
        (None, "complete", 3, StreamEnded),
        (None, "error", 3, StreamEnded),
    ],
)
def test_an_end_is_its_own_or_an_error(own: str | None, status: str, length: int, error: type[Exception]) -> None:
    one = publication()
    one.write("abc")
    if own is not None:
        one.end_as(own)
    one.ended(status, length)
    assert one.over.is_set()
    assert (None if one.error is None else type(one.error)) is error


def test_the_first_end_stays() -> None:
    one = publication()
    one.fenced()
    one.ended("cancelled", 0)
    with pytest.raises(ProducerFenced):
        one.check()


def test_a_service_that_has_less_than_before_has_lost_it() -> None:
    one = publication()
    one.write("abc")
    one.stored(2)
    one.stored(1)
    with pytest.raises(PublishFailed, match="lost"):
        one.check()


def test_progress_is_what_is_stored_or_that_nothing_is_to_be_stored() -> None:
    clock = Clock()
    one = publication(clock=clock)
    clock.now += 10
    assert one.idle_seconds == 10
    one.stored(0)
    assert one.idle_seconds == 0
    one.write("abc")
    clock.now += 7
    one.stored(0)
    assert one.idle_seconds == 7
    one.stored(1)
    assert one.idle_seconds == 0


async def test_a_wait_ends_with_what_is_stored() -> None:
    one = publication()
    one.write("abcdef")
    waits = asyncio.create_task(one.wait_durable(2))
    for durable in (1, 3):
        one.stored(durable)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not waits.done()
    one.stored(4)
    await waits


async def test_a_wait_ends_with_an_error() -> None:
    one = publication()
    one.write("abc")
    waits = asyncio.create_task(one.wait_durable(0))
    await asyncio.sleep(0)
    one.ended("cancelled", 0)
    with pytest.raises(StreamCancelled):
        await waits


async def test_a_link_waits_for_text_or_an_end() -> None:
    one = publication()
    assert not await one.wait_written(0, 0)
    one.write("a")
    assert await one.wait_written(0, 100)
    waits = asyncio.create_task(one.wait_written(1, 100))
    await asyncio.sleep(0)
    one.end_as("complete")
    assert await waits

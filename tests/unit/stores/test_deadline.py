"""A deadline for answers expires when no answer comes, and not because this process was late."""

import asyncio
import threading
import time

import pytest

from service.stores.deadline import AnswerDeadline

SECONDS = 0.15
LATE_SECONDS = 0.4
"""More than the deadline."""


async def test_it_expires_when_no_answer_comes() -> None:
    with pytest.raises(TimeoutError):
        async with AnswerDeadline(SECONDS):
            await asyncio.Event().wait()


async def test_it_has_no_effect_after_the_answer() -> None:
    async with AnswerDeadline(SECONDS):
        await asyncio.sleep(0)
    await asyncio.sleep(2 * SECONDS)


async def test_exceptions_pass() -> None:
    with pytest.raises(ZeroDivisionError):
        async with AnswerDeadline(SECONDS):
            raise ZeroDivisionError


async def test_an_answer_that_arrives_while_the_event_loop_is_blocked_counts() -> None:
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[str] = loop.create_future()
    thread = threading.Timer(LATE_SECONDS / 2, lambda: loop.call_soon_threadsafe(answer.set_result, "in time"))
    thread.start()
    loop.call_soon(time.sleep, LATE_SECONDS)
    async with AnswerDeadline(SECONDS):
        assert await answer == "in time"


async def test_an_event_loop_that_is_blocked_again_and_again_is_waited_for() -> None:
    async def answer() -> str:
        for _ in range(3):
            time.sleep(LATE_SECONDS)  # noqa: ASYNC251 - the event loop is to be blocked
            await asyncio.sleep(0)
        return "in time"

    async with AnswerDeadline(SECONDS):
        assert await answer() == "in time"


async def test_it_starts_again_with_each_progress() -> None:
    progress = 0
    async with AnswerDeadline(SECONDS, lambda: progress):
        for _ in range(10):
            await asyncio.sleep(SECONDS / 3)
            progress += 1
    with pytest.raises(TimeoutError):
        async with AnswerDeadline(SECONDS, lambda: progress):
            await asyncio.Event().wait()

"""Waiting in tests: for a condition, never for a time.

A limit ends a test that would wait for ever. It is no statement about speed.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

LIMIT_SECONDS = 240
_INTERVAL_SECONDS = 0.02

Found = TypeVar("Found")


def wait_for(look: Callable[[], Found], what: str) -> Found:
    """Return the first true result of ``look``: other processes give no event to wait for."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while not (found := look()):
        assert time.monotonic() < deadline, f"{what}: not within {LIMIT_SECONDS} s"
        time.sleep(_INTERVAL_SECONDS)
    return found


async def eventually(look: Callable[[], Awaitable[Found]]) -> Found:
    """Return the first true result of ``look``, like ``wait_for`` in a coroutine."""
    async with asyncio.timeout(LIMIT_SECONDS):
        while not (found := await look()):  # noqa: ASYNC110 - other processes set no event
            await asyncio.sleep(_INTERVAL_SECONDS)
        return found

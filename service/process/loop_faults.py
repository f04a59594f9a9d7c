"""Faults that nobody waits for: of tasks whose end is never looked at, and of callbacks."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from service.events import FaultRaised, FaultSource
from service.protocol.errors import InternalError
from service.session.ports import Recorder


@contextmanager
def recorded_loop_faults(recorder: Recorder, new_id: Callable[[], str]) -> Iterator[None]:
    """Record what reaches the running loop's exception handler, for as long as the context lasts."""
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()

    def handle(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        exception = context.get("exception") or InternalError(context["message"])
        fault = FaultRaised(new_id(), FaultSource.EVENT_LOOP, exception)
        # A forgotten task tells of its end when it is collected: in any thread, in the middle of anything.
        loop.call_soon_threadsafe(recorder.record, fault)

    loop.set_exception_handler(handle)
    try:
        yield
    finally:
        loop.set_exception_handler(before)

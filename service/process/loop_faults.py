"""Faults that reach the event loop: exceptions of callbacks, and of tasks that no code awaits."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from service.events import FaultRaised, FaultSource
from service.protocol.errors import InternalError
from service.session.ports import Recorder


@contextmanager
def record_loop_faults(recorder: Recorder, new_id: Callable[[], str]) -> Iterator[None]:
    """Record the exceptions that reach the handler of the running loop while the context lasts."""
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()

    def handle(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        exception = context.get("exception") or InternalError(context["message"])
        fault = FaultRaised(new_id(), FaultSource.EVENT_LOOP, exception)
        # A task reports its exception when it is collected, which may happen in any thread.
        loop.call_soon_threadsafe(recorder.record, fault)

    loop.set_exception_handler(handle)
    try:
        yield
    finally:
        loop.set_exception_handler(before)

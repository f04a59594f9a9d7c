"""Exceptions that reach the event loop are recorded as faults."""

import asyncio
import gc
import threading
from collections.abc import Callable
from itertools import count

import pytest

from service.events import Event, FaultRaised, FaultSource
from service.process.loop_faults import record_loop_faults


class Recorder:
    """Keeps the events, and the threads in which they were recorded."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.threads: set[threading.Thread] = set()

    def record(self, event: Event) -> None:
        self.events.append(event)
        self.threads.add(threading.current_thread())


def numbered() -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"e-{next(numbers)}"


async def fail() -> None:
    raise LookupError("not awaited")


async def test_the_exception_of_a_task_that_is_not_awaited_is_recorded_in_the_thread_of_the_loop() -> None:
    recorder = Recorder()
    with record_loop_faults(recorder, numbered()):
        task = asyncio.create_task(fail())
        await asyncio.wait([task])
        del task
        # Tasks are collected in whichever thread the garbage collector runs.
        collector = threading.Thread(target=gc.collect)
        collector.start()
        collector.join()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    [fault] = recorder.events
    assert isinstance(fault, FaultRaised)
    assert (fault.error_id, fault.source, type(fault.exception)) == ("e-1", FaultSource.EVENT_LOOP, LookupError)
    assert recorder.threads == {threading.current_thread()}


async def test_the_exception_of_a_callback_is_recorded() -> None:
    recorder = Recorder()
    with record_loop_faults(recorder, numbered()):
        asyncio.get_running_loop().call_soon(int, "not a number")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert [type(event.exception) for event in recorder.events if isinstance(event, FaultRaised)] == [ValueError]


async def test_a_report_of_the_loop_without_an_exception_is_recorded() -> None:
    recorder = Recorder()
    with record_loop_faults(recorder, numbered()):
        asyncio.get_running_loop().call_exception_handler({"message": "Task was destroyed but it is pending!"})
        await asyncio.sleep(0)
    [fault] = recorder.events
    assert isinstance(fault, FaultRaised)
    assert str(fault.exception) == "Task was destroyed but it is pending!"


async def test_the_previous_handler_is_restored(caplog: pytest.LogCaptureFixture) -> None:
    recorder = Recorder()
    with record_loop_faults(recorder, numbered()):
        pass
    asyncio.get_running_loop().call_soon(int, "not a number")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert recorder.events == []
    assert "not a number" in caplog.text

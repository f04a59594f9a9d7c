"""Calls of dependencies are measured, whatever their end."""

import asyncio

import pytest

from service.events import DataSystem, Dependency, DependencyCalled, Event, Operation
from service.process.dependency_calls import DependencyCalls
from service.protocol.trace import Trace
from service.stores.failures import NoAnswer
from service.websocket.call_origin import CallOrigin, call_origin

ORIGIN = CallOrigin("c", "s", "i", Trace("a" * 32, "b" * 16, sampled=True))


class Calls:
    def __init__(self) -> None:
        self.events: list[Event] = []
        self.measure = DependencyCalls(Dependency.SESSION_STORE, DataSystem.REDIS, self).measure

    def record(self, event: Event) -> None:
        self.events.append(event)

    @property
    def last(self) -> DependencyCalled:
        event = self.events[-1]
        assert isinstance(event, DependencyCalled)
        return event


def test_a_call_has_its_time_and_its_origin() -> None:
    calls = Calls()
    before = call_origin.set(ORIGIN)
    with calls.measure(Operation.ADMIT):
        assert calls.events == []
    call_origin.reset(before)
    call = calls.last
    assert (call.dependency, call.system, call.operation) == ("session_store", "redis", "admit")
    assert (call.connection_id, call.session_id, call.stream_id, call.trace) == ("c", "s", "i", ORIGIN.trace)
    assert call.seconds >= 0
    assert call.error_type == ""


def test_a_failed_call_has_the_class_of_its_error() -> None:
    calls = Calls()
    with pytest.raises(NoAnswer), calls.measure(Operation.GET):
        raise NoAnswer("a text that may quote content")
    assert (calls.last.operation, calls.last.error_type) == ("get", "NoAnswer")
    assert "quote" not in repr(calls.last)


async def test_a_call_whose_caller_does_not_wait_for_it_any_more_is_measured_too() -> None:
    calls = Calls()
    called = asyncio.Event()

    async def call() -> None:
        with calls.measure(Operation.PUT):
            called.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(call())
    await called.wait()
    assert calls.events == []
    task.cancel()
    await asyncio.wait([task])
    assert (calls.last.operation, calls.last.error_type) == ("put", "CancelledError")

"""The monitor of a dependency: which failures open its breaker."""

import pytest

from service.events import Dependency, DependencyChanged, DependencyFailed, Event
from service.session.ports import StoreUnavailable
from service.stores.dependency_monitor import DependencyMonitor
from service.stores.failures import NoAnswer, Overloaded

FAILED = DependencyFailed(Dependency.SESSION_STORE)
SILENT = NoAnswer("no answer")


class Dependant:
    """A monitor, with a clock that advances with each reading."""

    def __init__(self, *, silence_is_conclusive: bool) -> None:
        self.events: list[Event] = []
        self._seconds = 0.0
        self.monitor = DependencyMonitor(
            Dependency.SESSION_STORE,
            self.answer,
            self,
            clock=self._now,
            silence_is_conclusive=silence_is_conclusive,
        )

    def record(self, event: Event) -> None:
        self.events.append(event)

    async def answer(self) -> str:
        return "an answer"

    async def fail(self, error: StoreUnavailable) -> None:
        async def raise_error() -> None:
            raise error

        with pytest.raises(type(error)):
            await self.monitor.call(raise_error)

    def _now(self) -> float:
        self._seconds += 0.001
        return self._seconds


async def test_a_call_without_an_answer_is_conclusive() -> None:
    dependant = Dependant(silence_is_conclusive=True)
    await dependant.fail(SILENT)
    assert dependant.events == [
        FAILED,
        DependencyChanged(Dependency.SESSION_STORE, up=False, reason="no answer"),
    ]
    with pytest.raises(StoreUnavailable, match="The breaker is open"):
        await dependant.monitor.call(dependant.answer)
    await dependant.monitor.close()


async def test_a_call_without_an_answer_is_not_conclusive_if_another_was_answered_since() -> None:
    dependant = Dependant(silence_is_conclusive=True)

    async def be_silent_while_another_call_is_answered() -> None:
        await dependant.monitor.call(dependant.answer)
        raise SILENT

    with pytest.raises(NoAnswer):
        await dependant.monitor.call(be_silent_while_another_call_is_answered)
    assert dependant.events == [FAILED]
    assert dependant.monitor.available


async def test_where_silence_is_not_conclusive_three_failures_open_the_breaker() -> None:
    dependant = Dependant(silence_is_conclusive=False)
    for available in (True, True, False):
        await dependant.fail(SILENT)
        assert dependant.monitor.available is available
    await dependant.monitor.close()


async def test_a_call_that_was_not_made_is_no_failure() -> None:
    dependant = Dependant(silence_is_conclusive=True)
    for _ in range(5):
        await dependant.fail(Overloaded("too much is queued"))
    assert dependant.events == []
    assert dependant.monitor.available

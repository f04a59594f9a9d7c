"""A recorder that keeps the events, and can be waited for."""

import threading
from collections.abc import Callable

from service.events import Dependency, DependencyCalled, DependencyChanged, Event, UsageDropped
from tests.waiting import LIMIT_SECONDS


class Recording:
    """Implements ``session.ports.Recorder``. Calls are apart from the other events."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.calls: list[DependencyCalled] = []
        self._news = threading.Condition()

    def record(self, event: Event) -> None:
        with self._news:
            if isinstance(event, DependencyCalled):
                self.calls.append(event)
            else:
                self.events.append(event)
            self._news.notify_all()

    @property
    def dropped(self) -> int:
        """The number of dropped rows."""
        return sum(event.rows for event in list(self.events) if isinstance(event, UsageDropped))

    def changes(self, dependency: Dependency) -> list[tuple[bool, str]]:
        """The changes of the dependency in order: whether it was up, and the reason."""
        changes = [event for event in list(self.events) if isinstance(event, DependencyChanged)]
        return [(event.up, event.reason) for event in changes if event.dependency is dependency]

    def wait_for(self, condition: Callable[[], object]) -> None:
        with self._news:
            assert self._news.wait_for(condition, LIMIT_SECONDS), self.events

"""A recorder that keeps what it is told, and a way to wait for it."""

import threading
from collections.abc import Callable

from service.events import Dependency, DependencyChanged, Event, UsageDropped
from tests.waiting import LIMIT_SECONDS


class Told:
    """Fulfils ``core.ports.Recorder``."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._news = threading.Condition()

    def record(self, event: Event) -> None:
        with self._news:
            self.events.append(event)
            self._news.notify_all()

    @property
    def dropped(self) -> int:
        """Rows, in all."""
        return sum(event.rows for event in list(self.events) if isinstance(event, UsageDropped))

    def changes(self, dependency: Dependency) -> list[tuple[bool, str]]:
        """Whether it was up, and why not, in order."""
        changes = [event for event in list(self.events) if isinstance(event, DependencyChanged)]
        return [(event.up, event.reason) for event in changes if event.dependency is dependency]

    def wait_for(self, what: Callable[[], object]) -> None:
        with self._news:
            assert self._news.wait_for(what, LIMIT_SECONDS), self.events

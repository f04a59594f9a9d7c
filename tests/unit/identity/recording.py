"""A recorder of the state of the keys."""

from service.events import Dependency, DependencyChanged, Event


class Recording:
    """Collects what is reported of the keys: ``up``, or the reason why they are unavailable."""

    def __init__(self) -> None:
        self.changes: list[str] = []

    def record(self, event: Event) -> None:
        if isinstance(event, DependencyChanged):
            assert event.dependency is Dependency.TOKEN_KEYS
            self.changes.append("up" if event.up else event.reason)


class Clock:
    """Monotonic seconds, which a test sets."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds

"""What the service leans on, and whether it is there: for the metrics, and for whoever asks how the service is."""

from collections.abc import Mapping
from types import MappingProxyType

from service.events import Dependency, DependencyChanged, Event
from service.settings import Settings


def named_dependencies(settings: Settings) -> tuple[Dependency, ...]:
    """Those that the settings name. What nobody has asked for is neither up nor away."""
    shared_plans = settings.redis_url is not None and settings.store_content
    return (
        Dependency.SESSION_STORE,
        *([Dependency.PLAN_CACHE] if shared_plans else []),
        Dependency.USAGE_STORE,
        *([Dependency.DATABASE] if settings.database_url is not None else []),
    )


class Dependencies:
    """A sink that keeps the present state of each, as this process sees it: up until it is told otherwise."""

    def __init__(self, settings: Settings) -> None:
        self._up = dict.fromkeys(named_dependencies(settings), True)

    @property
    def up(self) -> Mapping[Dependency, bool]:
        """Whether each is there, in the order in which they are declared; a view of what changes."""
        return MappingProxyType(self._up)

    def record(self, event: Event) -> None:
        if isinstance(event, DependencyChanged):
            self._up[event.dependency] = event.up

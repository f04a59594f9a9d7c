"""The dependencies of the service and whether each is available, for the metrics and the health routes."""

from collections.abc import Mapping
from types import MappingProxyType

from service.events import Dependency, DependencyChanged, Event, StoredInMemory
from service.settings import Settings


def configured_dependencies(settings: Settings) -> tuple[Dependency, ...]:
    """The dependencies that the settings name; any other is neither available nor unavailable."""
    shared_plans = settings.redis_url is not None and settings.store_content
    return (
        Dependency.SESSION_STORE,
        Dependency.STREAM_WRITES,
        Dependency.STREAM_READS,
        *([Dependency.ACCESS_STORE] if settings.uses_access_store else []),
        *([Dependency.LIVE_STORE] if settings.store_content else []),
        *([Dependency.PLAN_CACHE] if shared_plans else []),
        *([Dependency.TOKEN_KEYS] if settings.auth_jwks_url or settings.auth_jwt_key_file else []),
        Dependency.USAGE_STORE,
        *([Dependency.DATABASE] if settings.database_url is not None else []),
    )


class DependencyStates:
    """The sink that keeps the state of each dependency in this process; available until an event reports otherwise.

    A store that is kept in memory, where the settings select a file, counts as unavailable.
    """

    def __init__(self, settings: Settings) -> None:
        self._up = dict.fromkeys(configured_dependencies(settings), True)

    @property
    def up(self) -> Mapping[Dependency, bool]:
        """Whether each is available, in declaration order; a live view."""
        return MappingProxyType(self._up)

    def record(self, event: Event) -> None:
        if isinstance(event, DependencyChanged):
            self._up[event.dependency] = event.up
        elif isinstance(event, StoredInMemory):
            self._up[event.what] = False

"""Creates the bus between the processes of a service."""

from collections.abc import Callable

from service.live.ports import LiveBus
from service.publishing.local_bus import LocalBus, socket_directory
from service.settings import Settings


def create_live_bus(settings: Settings, on_error: Callable[[OSError], object], *, shares_store: bool) -> LiveBus:
    """A local bus. Without a store that processes share, notices would be of streams that no other process has."""
    return LocalBus(socket_directory(settings.data_dir) if shares_store else None, on_error)

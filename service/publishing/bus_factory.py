"""Creates the bus between the processes of a service."""

from collections.abc import Callable

from service.live.ports import LiveBus
from service.publishing.local_bus import LocalBus, socket_directories
from service.settings import Settings


def create_live_bus(settings: Settings, on_error: Callable[[Exception], object], *, shares_store: bool) -> LiveBus:
    """Redis if ``REDIS_URL`` is set, else sockets in ``DATA_DIR``.

    Without a store that processes share it reaches none: they do not have the streams that the notices are of.
    ``on_error`` is called with what the operator should know.
    """
    if not shares_store:
        return LocalBus(())
    if settings.redis_url is None:
        return LocalBus(socket_directories(settings.data_dir), on_error)
    from service.publishing.redis_bus import RedisBus  # noqa: PLC0415 - loading the library takes long

    return RedisBus(settings.redis_url.get_secret_value(), on_error)

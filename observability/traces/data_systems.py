"""Where the data systems are that the settings name, as attributes of spans."""

from urllib.parse import unquote, urlsplit

from observability.registry import spans
from observability.traces.finished_spans import Attributes
from service.events import DataSystem
from service.settings import Settings

_REDIS_PORT = 6379
_POSTGRESQL_PORT = 5432


def data_systems(settings: Settings) -> dict[DataSystem, Attributes]:
    """The address and the namespace of each; what an address does not state in the usual form is absent.

    No other part of an address is used: it may contain a password.
    """
    systems: dict[DataSystem, Attributes] = {}
    if settings.redis_url is not None:
        url = settings.redis_url.get_secret_value()
        systems[DataSystem.REDIS] = _attributes(url, _REDIS_PORT, "0")
    if settings.database_url is not None:
        url = settings.database_url.get_secret_value()
        systems[DataSystem.POSTGRESQL] = _attributes(url, _POSTGRESQL_PORT, "")
    return systems


def _attributes(url: str, default_port: int, default_namespace: str) -> Attributes:
    parts = urlsplit(url)
    host, port = parts.hostname, parts.port
    namespace = (unquote(parts.path.strip("/")) if host else "") or default_namespace
    attributes: Attributes = {spans.DB_NAMESPACE.name: namespace} if namespace else {}
    if host:
        attributes[spans.SERVER_ADDRESS.name] = host
        attributes[spans.SERVER_PORT.name] = port or default_port
    return attributes

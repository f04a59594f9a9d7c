"""Queries that several panels use."""

from typing import Final

from dashboards.queries import of_instances, total
from observability.registry.metrics import CONFIG_LIMIT, CONNECTIONS_ACTIVE

CAPACITY: Final = (
    f"{of_instances(CONFIG_LIMIT, limit='max_connections')} * {of_instances(CONFIG_LIMIT, limit='max_workers')}"
)
"""Connections that each instance accepts."""
CAPACITY_USED_SHARE: Final = f"{total(CONNECTIONS_ACTIVE, 'instance')} / sum by (instance) ({CAPACITY})"

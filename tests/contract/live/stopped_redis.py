"""The scripts of the store of live streams with a clock of Redis that stands still until a test moves it."""

from collections.abc import Iterator

from service.stores.redis import live_scripts
from service.stores.redis.client import Script
from tests.contract.access.stopped_redis import CLOCK


def stopped_scripts() -> Iterator[tuple[str, Script]]:
    """Return the scripts by name, with the clock of ``set_clock``. Keys live an hour longer than by that clock."""
    for name, original in vars(live_scripts).items():
        if isinstance(original, Script):
            text = original.text.replace("redis.call('TIME')", f"redis.call('HMGET', '{CLOCK}', 's', 'us')")
            yield name, Script(original.operation, text.replace("'PEXPIRE', key, ", "'PEXPIRE', key, 3600000 + "))

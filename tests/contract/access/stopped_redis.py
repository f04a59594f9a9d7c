"""A clock of Redis that stands still until a test moves it: the scripts read it from a key."""

from collections.abc import Iterator

import redis

from service.stores.redis import access_scripts
from service.stores.redis.client import Script

CLOCK = "streaming:clock"


def set_clock(url: str, microseconds: int) -> None:
    """Set the clock of the stopped scripts."""
    with redis.Redis.from_url(url) as client:
        client.hset(CLOCK, mapping={"s": microseconds // 1_000_000, "us": microseconds % 1_000_000})


def stopped_scripts() -> Iterator[tuple[str, Script]]:
    """Return the scripts of the access store by name, with this clock. The use of quotas does not expire."""
    for name, original in vars(access_scripts).items():
        if isinstance(original, Script):
            text = original.text.replace("redis.call('TIME')", f"redis.call('HMGET', '{CLOCK}', 's', 'us')")
            yield name, Script(original.operation, text.replace("'PX', ", "'PX', 3600000 + "))

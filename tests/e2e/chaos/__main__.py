"""``make chaos``: kill -9 what serves, at random moments, and show what that did to clients; 1 if it did anything."""

import argparse
import asyncio
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.backends.redis import Redis
from tests.e2e.chaos.storm import MAX_REQUESTS, storm
from tests.integration.instances.instances import Instances, sharing

STORES = ("sqlite", "redis")


@contextmanager
def started(folder: Path, store: str, instances: int, workers: int) -> Iterator[Instances]:
    """Instances that share a store, which for Redis is one of their own."""
    with ExitStack() as endings:
        url = None
        if store == "redis":
            redis = Redis(folder)
            endings.callback(redis.stop)
            url = redis.url
        settings = {"MAX_REQUESTS_PER_SESSION": MAX_REQUESTS, "MAX_WORKERS": workers, "DRAIN_SECONDS": 0}
        yield endings.enter_context(Instances(folder, sharing(folder, instances, url, settings)))


def main(arguments: Sequence[str]) -> int:
    """The exit status: 0 if no chunk was lost or repeated and no request charged twice, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=40, metavar="N", help="how often; 40 unless given")
    parser.add_argument("--store", choices=STORES, default="sqlite", help="what the instances share; sqlite")
    parser.add_argument("--instances", type=int, default=2, metavar="N", help="behind nginx; 2")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="of each; the supervisor replaces them; 1")
    parser.add_argument("--clients", type=int, default=8, metavar="N", help="that stream all the time; 8")
    options = parser.parse_args(arguments)
    with (
        TemporaryDirectory(prefix="streaming-chaos-") as folder,
        started(Path(folder), options.store, options.instances, options.workers) as instances,
    ):
        account = asyncio.run(storm(instances, options.kills, options.clients))
        faults = instances.faults
    print(account.table())  # noqa: T201 - it talks to a person
    for oddity in (*account.oddities, *faults):
        print(oddity, file=sys.stderr)  # noqa: T201
    return 0 if account.spotless and not faults else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

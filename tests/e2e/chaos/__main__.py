"""``make chaos``: kill instances at random moments and print what clients lost. Exit status 1 if they lost anything."""

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
def start_instances(folder: Path, store: str, instances: int, workers: int, **settings: object) -> Iterator[Instances]:
    """Start instances that share a store; with Redis, start a Redis for them."""
    with ExitStack() as stack:
        url = None
        if store == "redis":
            redis = Redis(folder)
            stack.callback(redis.stop)
            url = redis.url
        settings |= {"MAX_REQUESTS_PER_SESSION": MAX_REQUESTS, "MAX_WORKERS": workers, "DRAIN_SECONDS": 0}
        yield stack.enter_context(Instances(folder, sharing(folder, instances, url, settings)))


def main(arguments: Sequence[str]) -> int:
    """Return 0 if no chunk was lost or repeated and no request was charged twice, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=40, metavar="N", help="number of kills (default: 40)")
    parser.add_argument(
        "--store", choices=STORES, default="sqlite", help="the store that the instances share (default: sqlite)"
    )
    parser.add_argument("--instances", type=int, default=2, metavar="N", help="instances behind nginx (default: 2)")
    parser.add_argument(
        "--workers",
        type=int,
        default=1,
        metavar="N",
        help="workers of each instance, which its supervisor replaces (default: 1)",
    )
    parser.add_argument(
        "--clients", type=int, default=8, metavar="N", help="clients that stream without a pause (default: 8)"
    )
    options = parser.parse_args(arguments)
    with (
        TemporaryDirectory(prefix="streaming-chaos-") as folder,
        start_instances(Path(folder), options.store, options.instances, options.workers) as instances,
    ):
        account = asyncio.run(storm(instances, options.kills, options.clients))
        faults = instances.faults
    print(account.table())  # noqa: T201 - the output of the command
    for deviation in (*account.deviations, *faults):
        print(deviation, file=sys.stderr)  # noqa: T201
    return 0 if account.spotless and not faults else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

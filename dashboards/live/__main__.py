"""Observe the service on this machine: ``python -m dashboards.live``; Ctrl-C ends all of it."""

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from dashboards.live.load import Load
from dashboards.live.page import Page
from dashboards.live.server import FailedServer, MissingServer
from dashboards.live.stack import Stack

_PROJECT: Final = Path(__file__).parents[2]
_PORT: Final = 8900
_MINUTES_SHOWN: Final = 15
_REDRAW_SECONDS: Final = 20


async def observe(port: int) -> None:
    """Run all of it until SIGINT or SIGTERM, or until the terminal goes.

    Raises ``MissingServer`` or ``FailedServer``.
    """
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    with TemporaryDirectory(prefix="streaming-observed-") as name:
        folder = Path(name)
        collector = {name: value for name, value in os.environ.items() if name.startswith("OTEL_")}
        with (
            Page(port) as page,
            Stack.start(folder, settings=collector, webhook=page.url, scrape_interval="5s") as stack,
        ):
            page.pictures, page.stack = folder, stack
            print(f"Open {page.url} and watch; Ctrl-C ends it.", flush=True)
            async with asyncio.TaskGroup() as group:
                load = group.create_task(Load(stack.service.address).run())
                drawing = group.create_task(redraw(stack.prometheus.url, folder))
                await stopped.wait()
                load.cancel()
                drawing.cancel()


async def redraw(prometheus: str, folder: Path) -> None:
    """Draw the previews again and again, in a process of their own, so that the load keeps its pace."""
    command = ["-m", "dashboards.picture", "--prometheus", prometheus, "--minutes", str(_MINUTES_SHOWN), str(folder)]
    while True:
        drawing = await asyncio.create_subprocess_exec(
            sys.executable, *command, cwd=_PROJECT, start_new_session=True, stdin=asyncio.subprocess.DEVNULL
        )
        try:
            await drawing.wait()
        except asyncio.CancelledError:
            drawing.kill()
            await drawing.wait()
            raise
        await asyncio.sleep(_REDRAW_SECONDS)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m dashboards.live", description=__doc__)
    parser.add_argument(
        "--port", type=int, default=_PORT, help=f"of the page; {_PORT} unless given, 0 takes a free one"
    )
    port: int = parser.parse_args().port
    try:
        asyncio.run(observe(port))
    except (MissingServer, FailedServer) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Observe the service on this machine: ``python -m tools.observe``. Ctrl-C stops everything."""

import argparse
import asyncio
import os
import signal
import sys
import time
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.processes import PROJECT, Failed
from dashboards.rules import JOB
from tools.observe.load import Load
from tools.observe.page import Page
from tools.observe.prometheus import Source, connect
from tools.observe.stack import Stack

_PORT: Final = 8900
_MINUTES: Final = (1.0, 15.0)
"""The shortest and the longest time range of the previews."""
_REDRAW_SECONDS: Final = 20


async def observe(port: int) -> None:
    """Run the demo until SIGINT, SIGTERM or SIGHUP. Raises ``Failed``."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    collector = {name: value for name, value in os.environ.items() if name.startswith("OTEL_")}
    with TemporaryDirectory(prefix="streaming-observed-") as name, closing(Page(port, Path(name))) as page:
        page.stack = Stack(page.folder, settings=collector, webhook=page.url, scrape_interval="2s")
        print(f"Open {page.url} in a browser; Ctrl-C stops everything.", flush=True)
        with page.stack as stack:
            async with asyncio.TaskGroup() as group:
                load = group.create_task(Load(stack.servers["service"].address).run())
                drawing = group.create_task(_redraw(stack.servers["prometheus"].url, page.folder))
                await stopped.wait()
                load.cancel()
                drawing.cancel()


async def _redraw(prometheus: str, folder: Path) -> None:
    """Draw the previews repeatedly, in a process of its own, so that the load keeps its pace."""
    began = time.monotonic()
    with connect(prometheus) as http:
        while not Source(http, 60).query(f'count_over_time(up{{job="{JOB}"}}[1m]) > 1'):  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.5)  # until there are two samples: rates need two
    while True:
        elapsed = (time.monotonic() - began) / 60
        minutes = min(max(elapsed, _MINUTES[0]), _MINUTES[1])
        command = ["-m", "tools.observe.picture", "--prometheus", prometheus, "--minutes", str(minutes), str(folder)]
        process = await asyncio.create_subprocess_exec(
            sys.executable, *command, cwd=PROJECT, start_new_session=True, stdin=asyncio.subprocess.DEVNULL
        )
        try:
            await process.wait()
        except asyncio.CancelledError:
            process.kill()
            await process.wait()
            raise
        await asyncio.sleep(_REDRAW_SECONDS if elapsed > _MINUTES[0] else 2)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.observe", description=__doc__)
    parser.add_argument("--port", type=int, default=_PORT, help=f"of the page; {_PORT} by default, 0 for a free one")
    try:
        asyncio.run(observe(parser.parse_args().port))
    except Failed as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

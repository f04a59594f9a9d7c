"""The demo from its start to its end, with a line in the terminal for each part that is up."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.processes import PROJECT
from dashboards.rules import JOB
from tools.observe.load import Load
from tools.observe.page import Page
from tools.observe.prometheus import Source, connect
from tools.observe.stack import Stack

_MINUTES: Final = (1.0, 15.0)
"""The shortest and the longest time range of the previews."""
_REDRAW_SECONDS: Final = 20
_PATHS: Final = {"service": "/websocket-test", "alertmanager": "/api/v2/alerts", "prometheus": "/classic/graph"}
"""What to open of each server."""

Report = Callable[[str, str], None]
"""Is called with the name of a part that is up, and a sentence or its address."""


async def observe(port: int, report: Report) -> None:
    """Run the demo until SIGINT, SIGTERM or SIGHUP. Raises ``Failed``."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    collector = {name: value for name, value in os.environ.items() if name.startswith("OTEL_")}
    with TemporaryDirectory(prefix="streaming-observed-") as name, closing(Page(port, Path(name))) as page:
        page.stack = Stack(
            page.folder,
            settings=collector,
            webhook=page.url,
            scrape_interval="2s",
            on_start=lambda server, url: report(server, url + _PATHS[server]),
        )
        report("page", page.url)
        with page.stack as stack:
            async with asyncio.TaskGroup() as group:
                report("load", "clients stream; each board needs a few samples before it is drawn")
                load = group.create_task(Load(stack.servers["service"].address).run())
                drawing = group.create_task(_redraw(stack.servers["prometheus"].url, page.folder, report))
                await stopped.wait()
                load.cancel()
                drawing.cancel()


async def _redraw(prometheus: str, folder: Path, report: Report) -> None:
    """Draw the previews repeatedly, in a process of its own, so that the load keeps its pace."""
    began = time.monotonic()
    drawn = False
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
        if not drawn:
            report("boards", f"drawn on the page, and again every {_REDRAW_SECONDS} s")
            drawn = True
        await asyncio.sleep(_REDRAW_SECONDS if elapsed > _MINUTES[0] else 2)

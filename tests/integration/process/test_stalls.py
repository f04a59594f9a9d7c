"""Stalls of the event loop of a real server, also those in which the whole process stands still."""

import asyncio
import re
import signal
from typing import Any

from tests.clients.direct import get, metric
from tests.conftest import StartServer
from tests.waiting import eventually

FREEZES = 4
SECONDS = 0.5
STALLED = "stream_event_loop_stall_seconds_total"


async def test_freezes_of_the_process_are_in_the_metric_and_in_the_log(start_server: StartServer) -> None:
    server = start_server()
    before = await metric(server, STALLED)

    def frozen() -> list[dict[str, Any]]:
        lines = [line for line in server.log if line["event"] == "event_loop_stalled"]
        return [line for line in lines if line["ms"] >= 400 and not line["lasts"]]  # not those of a busy machine

    for number in range(FREEZES):
        server.process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(SECONDS)
        server.process.send_signal(signal.SIGCONT)

        async def logged(count: int = number + 1) -> bool:
            return len(frozen()) >= count

        await eventually(logged)
    stalled = await metric(server, STALLED) - before
    assert stalled >= 0.9 * FREEZES * SECONDS
    assert all(line["ms"] >= 1000 for line in server.log if line["event"] == "event_loop_stalled" and line["lasts"])
    scraped = (await get(server, "/metrics")).text
    probes, in_time = (
        float(re.search(rf"^stream_event_loop_lag_seconds_{series} (\S+)", scraped, re.MULTILINE)[1])  # type: ignore[index]
        for series in ("count", r'bucket\{le="0\.1"\}')
    )
    assert probes - in_time >= FREEZES, "also the probes that were not due themselves"

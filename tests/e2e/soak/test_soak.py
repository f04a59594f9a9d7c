"""A soak behind nginx: innocent clients notice nothing of attackers, memory stays, counters balance."""

import asyncio
import json
import os
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx
import pytest

from tests.conftest import PROJECT, environment
from tests.e2e.soak.innocents import Innocents
from tests.e2e.soak.memory import Memory, watch
from tests.integration.instances.instances import Instance, Instances, sharing
from tests.waiting import wait_for

SECONDS = float(os.environ.get("SOAK_SECONDS", "60"))
"""The claim about memory needs twenty minutes: SOAK_SECONDS=1200."""

INSTANCES = 2
READERS, VISITORS = 12, 12
SETTINGS = {"DRAIN_SECONDS": 0, "CACHE_SIZE": 2 * 2**20}
"""The plan cache is full in the first quarter of the time, so that it does not look like a leak."""
GROWTH_SHARE, GROWTH_BYTES = 0.05, (8 if SECONDS >= 600 else 32) * 2**20
"""By how much the median of the last quarter may exceed that of the quarter before; a short soak is a warm-up."""


def counters(instance: Instance) -> Mapping[str, float]:
    """The sums of all samples of each metric of an instance, and each sample with its labels."""
    text = httpx.get(f"http://{instance.address}/metrics").text
    sums: defaultdict[str, float] = defaultdict(float)
    for name, labels, value in re.findall(r"^([a-z_]+)(\{[^}]*\})? ([0-9.e+-]+)$", text, re.MULTILINE):
        sums[name] += float(value)
        if labels:
            sums[f"{name}{labels}"] += float(value)
    return sums


@pytest.mark.proof
@pytest.mark.timeout(SECONDS + 600)
async def test_innocent_clients_notice_nothing_of_attackers(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Readers, visitors and attackers at two instances behind nginx."""
    with Instances(tmp_path, sharing(tmp_path, INSTANCES, None, SETTINGS)) as instances:
        innocents = Innocents(instances.address)
        await innocents.learn()
        memories = [Memory(instance) for instance in instances.members]
        attackers = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.e2e.soak.attackers",
            instances.address,
            str(SECONDS),
            cwd=PROJECT,
            env=environment(),
            stdout=asyncio.subprocess.PIPE,
        )

        watching = asyncio.create_task(watch(memories))
        try:
            await innocents.run(SECONDS, READERS, VISITORS)
            output, _ = await attackers.communicate()
        finally:
            watching.cancel()
            if attackers.returncode is None:
                attackers.kill()
        ended = json.loads(output)
        balances = await asyncio.gather(*(asyncio.to_thread(balanced, one) for one in instances.members))
        faults = instances.faults
    results = innocents.results
    quarters = [memory.quarters for memory in memories]
    record_property("seconds", f"{SECONDS:g}")
    record_property("connections", results.connections)
    record_property("documents", results.documents)
    record_property("attacks", sum(ended.values()))
    record_property("attacks that were not ended", sum(n for what, n in ended.items() if what.endswith("not ended")))
    record_property("RSS by quarters, MiB", [[round(median / 2**20, 1) for median in one] for one in quarters])
    assert results.failures == []
    assert results.documents > 0
    assert faults == []
    assert sum(balances) >= results.documents
    for *_, third, fourth in quarters:
        assert fourth - third <= GROWTH_SHARE * third + GROWTH_BYTES, quarters


def balanced(instance: Instance) -> float:
    """Wait until all connections of an instance are counted as ended; return its completed streams."""

    def settled() -> Mapping[str, float]:
        sums = counters(instance)
        opened = sums['stream_connection_attempts_total{outcome="accepted"}']
        is_settled = (
            opened == sums["stream_connection_closes_total"]
            and sums["stream_connections_active"] == 0
            and sums["stream_active_streams"] == 0
        )
        return sums if is_settled else {}

    sums = wait_for(settled, "the counters balance")
    return sum(
        value for name, value in sums.items() if re.match(r"stream_requests_total\{.*outcome=\"completed\"", name)
    )

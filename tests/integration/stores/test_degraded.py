"""A store that cannot do its work makes the service degraded at once: in the log, on /ready and in the metrics."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from dashboards.rules import ALERTS, JOB
from service.protocol.limits import Limits
from service.stores.factory import FILE_NAME, LIVE_FILE_NAME
from service.stores.sqlite.store import SqliteSessionStore
from service.usage.spool import FILE_NAME as USAGE_FILE_NAME
from tests.backends.fixtures import StartPrometheus
from tests.clients.recovering import RecoveringClient
from tests.conftest import RunningServer
from tests.contract.stores.contract.records import RECORD
from tests.contract.stores.test_sqlite import damage


@pytest.fixture
def endings() -> Iterator[ExitStack]:
    with ExitStack() as endings:
        yield endings


def start(endings: ExitStack, folder: Path, **settings: object) -> RunningServer:
    server = RunningServer(folder, {"DRAIN_SECONDS": 0, **settings})
    endings.callback(server.stop)
    return server


def unavailable(server: RunningServer) -> list[str]:
    answer: dict[str, Any] = httpx.get(f"{server.url}/ready").json()
    assert answer["status"] == "degraded"
    metrics = httpx.get(f"{server.url}/metrics").text
    for dependency in answer["unavailable"]:
        assert f'stream_dependency_up{{dependency="{dependency}"}} 0.0' in metrics
    names: list[str] = answer["unavailable"]
    return names


def test_stores_in_memory(endings: ExitStack, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    server = start(endings, tmp_path, DATA_DIR=tmp_path / "file" / "data")
    assert unavailable(server) == ["session_store", "live_store", "usage_store"]
    assert server.logged("store_in_memory", store="session_store")["level"] == "ERROR"


def unusable_folder(folder: Path) -> Path:
    (folder / "file").write_text("")
    return folder / "file" / "data"


def damaged_files(folder: Path) -> Path:
    for name in (FILE_NAME, LIVE_FILE_NAME, USAGE_FILE_NAME):
        (folder / name).write_bytes(b"no database " * 1000)
    return folder


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("data_dir", [unusable_folder, damaged_files])
def test_every_signal_has_a_store_in_memory(
    data_dir: Callable[[Path], Path],
    workers: int,
    endings: ExitStack,
    tmp_path: Path,
    start_prometheus: StartPrometheus,
) -> None:
    server = start(endings, tmp_path, DATA_DIR=data_dir(tmp_path), MAX_WORKERS=workers, METRICS_DIR=tmp_path / "m")
    for store in ("session_store", "live_store", "usage_store"):
        line = server.logged("store_in_memory", store=store)
        assert (line["level"], bool(line["reason"])) == ("ERROR", True)
    for _ in range(10 * workers):  # a new connection each, of either worker
        assert httpx.get(f"{server.url}/ready").json() == {
            "status": "degraded",
            "unavailable": ["session_store", "live_store", "usage_store"],
        }
        health = httpx.get(f"{server.url}/health").json()
        assert health["status"] == health["parts"]["sessions"]["status"] == "warning"
        assert health["parts"]["sessions"]["detail"] == {"store": "memory", "state": "unavailable"}
    target = "{}:{}".format(*server.address)
    prometheus = start_prometheus(target)
    prometheus.wait_until_up(target)
    down = {"session_store": "SessionStoreDown", "live_store": "DependencyDown", "usage_store": "DependencyDown"}
    for alert in sorted(set(down.values())):
        samples = [sample["metric"] for sample in prometheus.wait_for(ALERTS[alert].expr)]
        dependencies = [dependency for dependency, its_alert in down.items() if its_alert == alert]
        assert sorted(samples, key=str) == sorted(
            ({"job": JOB, "instance": target, "dependency": dependency} for dependency in dependencies), key=str
        )


async def test_a_damaged_table(endings: ExitStack, tmp_path: Path) -> None:
    file = tmp_path / FILE_NAME
    store = SqliteSessionStore(file, Limits(), 300)
    await store.put(RECORD)
    await store.close()
    damage(file, "streams")
    server = await asyncio.to_thread(start, endings, tmp_path, DATA_DIR=tmp_path)
    async with RecoveringClient("{}:{}".format(*server.address), "s") as client:
        await client.join()
        stream = await client.stream(content="one two", speed="superfast")
        assert (stream.end["type"], stream.resumable) == ("stream_complete", False)
        assert "stream_writes" in await asyncio.to_thread(unavailable, server)
        line = await asyncio.to_thread(server.logged, "dependency_unavailable", dependency="stream_writes")
        assert (line["level"], "malformed" in line["reason"]) == ("ERROR", True)
        await client.leave()
        assert (await client.join())["requests_left"] == 99, "sessions are counted in the file"

"""The faults of live streams: producers that are killed, and a store that waits for a lock."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count

import httpx

from service.live.lease import LEASE_SECONDS
from service.stores.factory import LIVE_FILE_NAME
from tests.e2e.faults import visits
from tests.e2e.faults.injections import repeated
from tests.e2e.faults.stage import PUBLISH_TOKEN, Stage

_KILLED = 3
"""Producers a second."""
_WRITERS = 4
_LOCKED_SECONDS = 0.8
_PERIOD_SECONDS = 1.0


@contextmanager
def producers_killed(stage: Stage) -> Iterator[None]:
    """Again and again, back ends are killed that have begun streams. The fault is there when the leases end."""
    numbers = count()
    headers = {"Authorization": f"Bearer {PUBLISH_TOKEN}"}
    with httpx.Client(base_url=f"{stage.instance.server.url}/v1", headers=headers, trust_env=False) as http:

        def begin() -> None:
            for _ in range(_KILLED):
                options = {"content_type": "text"}
                created = http.post(f"/sessions/killed-{next(numbers)}/streams", json=options).json()
                at = {"epoch": 0, "offset": 0}
                http.post(f"/streams/{created['stream_id']}/append", params=at, content=b"Half of").raise_for_status()

        with repeated(begin, 1):
            threading.Event().wait(LEASE_SECONDS + 1)
            stage.fault_at = time.time()
            yield


@contextmanager
def live_store_locked(stage: Stage) -> Iterator[None]:
    """Another process locks the file of live streams for most of the time."""
    file = stage.folder / "instance-0" / "data" / LIVE_FILE_NAME

    def lock() -> None:
        with closing(sqlite3.connect(file, isolation_level=None, timeout=30)) as other:
            other.execute("BEGIN IMMEDIATE")
            threading.Event().wait(_LOCKED_SECONDS)
            other.execute("ROLLBACK")

    writers = stage.load.clients(_WRITERS, visits.publish(stage.instance.server.url, PUBLISH_TOKEN))
    with writers, repeated(lock, _PERIOD_SECONDS - _LOCKED_SECONDS):
        yield

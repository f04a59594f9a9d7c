"""Which clients of a connection are noticed because they read nothing."""

import asyncio
import socket
import sys
from typing import cast

import pytest

from service.process.read_progress import ReadProgress, acknowledged_bytes
from tests.virtual_time import run_virtually

STALL_SECONDS = 5.0


class Peer:
    """A transport and its socket, with what waits in the process and what has left."""

    def __init__(self, *, reports: bool) -> None:
        self.waiting = 0
        self.acknowledged = 0
        self.stalls = 0
        self._reports = reports
        self.progress = ReadProgress(cast("asyncio.Transport", self), STALL_SECONDS, self._stalled)

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def get_extra_info(self, _name: str) -> "Peer":
        return self

    def getsockopt(self, _level: int, _option: int, buflen: int, /) -> bytes:
        if not self._reports:
            raise OSError
        return (bytes(120) + self.acknowledged.to_bytes(8, sys.byteorder) + bytes(100))[:buflen]

    def _stalled(self) -> None:
        self.stalls += 1


@pytest.fixture(autouse=True)
def _linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(socket, "TCP_INFO", 11, raising=False)


def test_a_slow_client_is_not_noticed_although_ever_more_waits_for_it() -> None:
    async def main() -> None:
        peer = Peer(reports=True)
        peer.waiting = 10
        peer.progress.watch()
        for _ in range(10):
            peer.waiting += 100
            peer.acknowledged += 1
            await asyncio.sleep(STALL_SECONDS)
        assert peer.stalls == 0
        await asyncio.sleep(2 * STALL_SECONDS)
        assert peer.stalls == 1

    run_virtually(main())


def test_without_a_report_of_the_system_what_waits_must_become_less() -> None:
    async def main() -> None:
        peer = Peer(reports=False)
        peer.waiting = 100
        peer.progress.watch()
        for _ in range(10):
            peer.waiting -= 1
            await asyncio.sleep(STALL_SECONDS)
        assert peer.stalls == 0
        await asyncio.sleep(2 * STALL_SECONDS)
        assert peer.stalls == 1

    run_virtually(main())


def test_a_client_that_has_read_all_and_one_that_is_not_watched_any_more_are_not_noticed() -> None:
    async def main() -> None:
        for stops in (False, True):
            peer = Peer(reports=True)
            peer.progress.watch()  # nothing waits
            peer.waiting = 100
            peer.progress.watch()
            peer.progress.watch()
            if stops:
                peer.progress.stop()
            else:
                peer.waiting = 0
            await asyncio.sleep(10 * STALL_SECONDS)
            assert peer.stalls == 0
            peer.waiting = 1
            peer.progress.watch()
            await asyncio.sleep(2 * STALL_SECONDS)
            assert peer.stalls == 1, "it begins again"

    run_virtually(main())


def test_other_systems_do_not_report_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert acknowledged_bytes(Peer(reports=True)) == 0
    monkeypatch.setattr(sys, "platform", "darwin")
    assert acknowledged_bytes(Peer(reports=True)) is None

"""A store of live streams that takes its time, for tests in virtual time."""

import asyncio
from collections.abc import Sequence

from msgspec.structs import replace

from service.live.ports import AppendResult, Expiry
from service.live.records import Append, LiveRecord
from tests.contract.live.model import Model
from tests.contract.live.samples import RECORD


class SlowLiveStore:
    """Implements ``LiveStore``; each call takes ``seconds``, then does what the model does or raises ``failure``."""

    def __init__(self, seconds: float = 0.001, max_length: int = 2**20) -> None:
        self.seconds = seconds
        self.failure: Exception | None = None
        self.commits: list[Sequence[Append]] = []
        self.began: list[float] = []
        """When each of the commits did."""
        self.running = 0
        self._model = Model(max_length)

    async def create(self, record: LiveRecord) -> LiveRecord:
        await self._wait()
        return self._model.create(self._now, record)

    async def append(self, appends: Sequence[Append]) -> Sequence[AppendResult]:
        self.commits.append(appends)
        self.began.append(asyncio.get_running_loop().time())
        assert not self.running, "one commit at a time"
        self.running += 1
        try:
            await self._wait()
        finally:
            self.running -= 1
        return self._model.append(self._now, appends)

    async def adopt(self, stream_id: str) -> LiveRecord | None:
        await self._wait()
        return self._model.adopt(self._now, stream_id)

    async def cancel(self, stream_id: str) -> LiveRecord | None:
        await self._wait()
        return self._model.cancel(self._now, stream_id)

    async def get(self, stream_id: str) -> LiveRecord | None:
        await self._wait()
        return self._model.get(self._now, stream_id)

    async def read(self, stream_id: str, start: int) -> bytes:
        await self._wait()
        return self._model.read(self._now, stream_id, start)

    async def open_streams(self, session_key: str) -> Sequence[LiveRecord]:
        await self._wait()
        return self._model.open_streams(self._now, session_key)

    async def expire(self) -> Expiry:
        await self._wait()
        return self._model.expire(self._now)

    async def close(self) -> None:
        return

    def source(self, stream_id: str) -> bytes:
        """What is stored now."""
        return self._model.read(self._now, stream_id, 0)

    def begin(self, *stream_ids: str) -> None:
        """Create streams at once."""
        for stream_id in stream_ids:
            self._model.create(self._now, replace(RECORD, stream_id=stream_id, creation_key=None))

    @property
    def _now(self) -> int:
        return round(1000 * asyncio.get_running_loop().time())

    async def _wait(self) -> None:
        await asyncio.sleep(self.seconds)
        if self.failure is not None:
            raise self.failure

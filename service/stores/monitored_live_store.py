"""The store of live streams behind a breaker: while it is unavailable, calls fail at once."""

from collections.abc import Sequence

from service.events import Dependency
from service.live.ports import AppendResult, Expiry, LiveStore
from service.live.records import Append, LiveRecord
from service.session.ports import Recorder
from service.stores.breaker import Breaker
from service.stores.dependency_monitor import DependencyMonitor

_NO_STREAM = ""
"""Its id, for probes."""


class MonitoredLiveStore:
    """Fulfils ``live.ports.LiveStore`` over a ``primary`` that may be unavailable, and records whether it is.

    It is probed in the background until it answers. A write that is refused is no outage: a full store is still read.
    """

    def __init__(self, primary: LiveStore, recorder: Recorder, breaker: Breaker | None = None) -> None:
        self._primary = primary
        self._monitor = DependencyMonitor(
            Dependency.LIVE_STORE,
            lambda: primary.get(_NO_STREAM),
            recorder,
            breaker,
            silence_is_conclusive=True,
        )

    async def create(self, record: LiveRecord) -> LiveRecord:
        return await self._monitor.write(lambda: self._primary.create(record))

    async def append(self, appends: Sequence[Append]) -> Sequence[AppendResult]:
        return await self._monitor.write(lambda: self._primary.append(appends))

    async def adopt(self, stream_id: str) -> LiveRecord | None:
        return await self._monitor.write(lambda: self._primary.adopt(stream_id))

    async def cancel(self, stream_id: str) -> LiveRecord | None:
        return await self._monitor.write(lambda: self._primary.cancel(stream_id))

    async def get(self, stream_id: str) -> LiveRecord | None:
        return await self._monitor.call(lambda: self._primary.get(stream_id))

    async def read(self, stream_id: str, start: int) -> bytes:
        return await self._monitor.call(lambda: self._primary.read(stream_id, start))

    async def open_streams(self, session_key: str) -> Sequence[LiveRecord]:
        return await self._monitor.call(lambda: self._primary.open_streams(session_key))

    async def expire(self) -> Expiry:
        return await self._monitor.write(self._primary.expire)

    async def close(self) -> None:
        await self._monitor.close()
        await self._primary.close()

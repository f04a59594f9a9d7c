"""The tested store, and the operations on it and on its clock that only tests need."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from typing import ClassVar

import pytest

from service.protocol.limits import Limits
from service.session.ports import SessionStore
from service.session.records import StreamRecord
from service.stores.store_limits import StoreLimits, StoreSize
from tests.waiting import eventually


class StoreTests(ABC):
    """A subclass for a back end defines the abstract methods; the classes that inherit it test one subject each."""

    limits: ClassVar = Limits(max_requests=5, max_session_seconds=60)
    store_limits = StoreLimits(max_bytes=2**20, max_sessions=20)
    resume_ttl_seconds: ClassVar[float] = 10
    slack_seconds: ClassVar[float] = 1e-3
    """The tolerance of ``SessionSnapshot.seconds_left`` for a store with a clock of its own."""

    @abstractmethod
    def make(self) -> SessionStore:
        """Create a store with ``limits`` and ``resume_ttl_seconds``; it is empty at the beginning of a test."""

    @abstractmethod
    async def size(self, store: SessionStore) -> StoreSize:
        """Return what the store holds."""

    @abstractmethod
    async def pass_seconds(self, seconds: float) -> None:
        """Advance the clock of the store."""

    @abstractmethod
    async def holds(self, content: bytes) -> bool:
        """Whether the data of the store contains these bytes."""

    @pytest.fixture
    async def store(self) -> AsyncIterator[SessionStore]:
        store = self.make()
        yield store
        await store.close()

    async def pass_session(self, share: float) -> None:
        await self.pass_seconds(self.limits.max_session_seconds * share)

    async def pass_ttl(self, share: float) -> None:
        await self.pass_seconds(self.resume_ttl_seconds * share)

    async def eventually(self, store: SessionStore, look: Callable[[StreamRecord | None], bool]) -> None:
        """Return when ``look`` is true for the record of ``a-stream``: status updates are stored later."""

        async def is_so() -> bool:
            return look(await store.get("a-stream"))

        await eventually(is_so)

    async def vanishes(self, content: bytes) -> None:
        """Return when the store does not contain these bytes."""

        async def is_gone() -> bool:
            return not await self.holds(content)

        await eventually(is_gone)

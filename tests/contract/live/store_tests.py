"""What the tests of a store of live streams have in common: a clock that the test moves, and a new store for each."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest

from service.events import Operation
from service.live.ports import LiveStore
from service.live.records import Append, LiveStatus
from service.stores.store_limits import LiveLimits
from tests.contract.live.samples import BEGIN, RECORD, SECOND

MAX_LENGTH = 4000
ID = RECORD.stream_id


def append(offset: int, data: bytes, ends: LiveStatus | None = None, *, epoch: int = 0, to: str = ID) -> Append:
    return Append(to, epoch, offset, data, ends)


class LiveStoreTests(ABC):
    """A subclass for a back end defines the abstract methods."""

    now: int
    """In milliseconds since the epoch."""
    limits = LiveLimits(max_length=MAX_LENGTH)

    @pytest.fixture
    def back_end(self) -> None:
        """Prepare the back end before its clock is set."""
        return

    @pytest.fixture(autouse=True)
    def _begin(self, back_end: None) -> None:
        self.measured: list[Operation] = []
        self.move_to(BEGIN)

    @abstractmethod
    def make(self) -> LiveStore:
        """Create a store, which measures its calls with ``measure``; it is empty at the beginning of a test."""

    @contextmanager
    def measure(self, operation: Operation) -> Iterator[None]:
        self.measured.append(operation)
        yield

    def move_to(self, milliseconds: int) -> None:
        """Set the clock of the store."""
        self.now = milliseconds

    def wait(self, seconds: float) -> None:
        self.move_to(self.now + round(seconds * SECOND))

    @pytest.fixture
    async def store(self) -> AsyncIterator[LiveStore]:
        store = self.make()
        yield store
        await store.close()

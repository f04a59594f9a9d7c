"""The memory store fulfils the contract, and forgets what is over."""

from service.stores.memory import MemorySessionStore
from tests.stores.contract import LIMITS, SessionStoreContract


class TestMemorySessionStore(SessionStoreContract):
    def setup_method(self) -> None:
        self.seconds = 1000.0

    def make(self) -> MemorySessionStore:
        return MemorySessionStore(LIMITS, lambda: self.seconds)

    def pass_seconds(self, seconds: float) -> None:
        self.seconds += seconds

    async def test_sessions_that_are_over_are_forgotten(self) -> None:
        store = self.make()
        for number in range(100):
            await store.open(f"s{number}")
        assert len(store) == 100
        self.pass_seconds(60)
        await store.open("new")
        assert len(store) == 1

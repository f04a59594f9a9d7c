"""How many connections each address has: WebSockets, and readers by server-sent events."""

from collections import Counter


class AddressConnections:
    """One for the process: both kinds share one limit. An empty address is not counted."""

    def __init__(self, most: int | None) -> None:
        """``most`` is for one address; ``None`` does not limit them."""
        self.most = most
        self._counts: Counter[str] = Counter()

    def is_full(self, address: str) -> bool:
        """Whether the address has as many as it may."""
        return self.most is not None and self._counts[address] >= self.most

    def add(self, address: str) -> None:
        """Count a connection until ``release``."""
        if self.most is not None and address:
            self._counts[address] += 1

    def release(self, address: str) -> None:
        """A connection that was counted has ended."""
        if self.most is not None and address:
            self._counts[address] -= 1
            if not self._counts[address]:
                del self._counts[address]

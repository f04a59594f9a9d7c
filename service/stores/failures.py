"""Why a call of a store failed: the kinds that decide whether it is repeated, and whether the store is unavailable."""

from service.events import StoreLimit
from service.session.ports import StoreUnavailable


class NoAnswer(StoreUnavailable):
    """The store was called, and did not answer within its deadline."""


class Overloaded(StoreUnavailable):
    """The call was not made, because too much content is queued. The store itself may be available."""


class StoreFull(StoreUnavailable):
    """The store works, and keeps no more of this session. ``limit`` is the limit that was reached."""

    def __init__(self, limit: StoreLimit) -> None:
        super().__init__(f"The store is full: {limit}")
        self.limit = limit


class Rejected(StoreUnavailable):
    """The store answered with an error, whose cause may be in this call."""


class Refused(Rejected):
    """The store answered that it cannot do such work at present: it is full, read-only, or its disk fails."""


class Damaged(Refused):
    """The data of the store is damaged: nothing but an operator changes that."""

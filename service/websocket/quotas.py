"""Charges what connections use to the quotas of their user and their address."""

import asyncio
import math
from collections.abc import Coroutine, Mapping, Sequence

from service.access.ports import AccessStore
from service.access.principal import Principal
from service.access.quota import Charge, QuotaExceeded, QuotaOwner
from service.events import FaultRaised, FaultSource, QuotaRefused, QuotasUnavailable
from service.protocol.errors import ConnectionQuotaReached, QuotaReached
from service.protocol.quota_kind import QuotaKind
from service.session.ports import Ids, Recorder, StoreUnavailable


class Quotas:
    """The quotas of a process, which share the access store. While it is unavailable, everything is admitted."""

    def __init__(
        self, store: AccessStore, per_minute: Mapping[QuotaKind, int], recorder: Recorder, ids: Ids, *, by_address: bool
    ) -> None:
        self._store = store
        self._per_minute = per_minute
        self._recorder = recorder
        self._ids = ids
        self._by_address = by_address
        self._debits: set[asyncio.Task[None]] = set()

    def account(self, session_id: str, principal: Principal | None, address: str) -> "Account | None":
        """Return what a connection is charged to; ``None`` if it has no quota."""
        owners = [] if principal is None else [(QuotaOwner.PRINCIPAL, principal.name)]
        if self._by_address and address:
            owners.append((QuotaOwner.ADDRESS, address))
        subject = "" if principal is None else principal.subject
        return Account(self, session_id, subject, tuple(owners)) if owners and self._per_minute else None

    async def charge(self, account: "Account", costs: Mapping[QuotaKind, int]) -> QuotaExceeded | None:
        """Make all charges, or none and return the first that does not fit."""
        charges = self._charges(account.owners, costs)
        if not charges:
            return None
        try:
            exceeded = await self._store.charge(charges)
        except Exception as exception:  # noqa: BLE001 - a quota must not end what it does not refuse
            self._fail(exception)
            return None
        if exceeded is not None:
            refused = QuotaRefused(exceeded.kind, exceeded.owner, account.session_id, account.subject)
            self._recorder.record(refused)
        return exceeded

    def debit(self, owners: Sequence[tuple[QuotaOwner, str]], kind: QuotaKind, cost: int) -> None:
        """Charge in the background what was used."""
        if cost > 0 and (charges := self._charges(owners, {kind: cost})):
            task = asyncio.get_running_loop().create_task(self._attempt(self._store.debit(charges)))
            self._debits.add(task)
            task.add_done_callback(self._debits.discard)

    async def close(self) -> None:
        """Wait for the charges in the background."""
        await asyncio.gather(*self._debits)

    def _charges(self, owners: Sequence[tuple[QuotaOwner, str]], costs: Mapping[QuotaKind, int]) -> tuple[Charge, ...]:
        limits = self._per_minute
        return tuple(
            Charge(kind, owner, name, limits[kind], cost)
            for owner, name in owners
            for kind, cost in costs.items()
            if kind in limits
        )

    async def _attempt(self, debit: Coroutine[object, object, None]) -> None:
        try:
            await debit
        except Exception as exception:  # noqa: BLE001 - nothing waits for the result
            self._fail(exception)

    def _fail(self, exception: Exception) -> None:
        """Record that a charge was not made, and why, if that is a fault."""
        self._recorder.record(QuotasUnavailable())
        if not isinstance(exception, StoreUnavailable):
            self._recorder.record(FaultRaised(self._ids.new_id(), FaultSource.ACCESS, exception))


class Account:
    """The owners whose quotas one connection uses."""

    __slots__ = ("_quotas", "owners", "session_id", "subject")

    def __init__(
        self, quotas: Quotas, session_id: str, subject: str, owners: tuple[tuple[QuotaOwner, str], ...]
    ) -> None:
        self._quotas = quotas
        self.session_id = session_id
        self.subject = subject
        self.owners = owners

    async def charge_connection(self) -> ConnectionQuotaReached | None:
        """Charge a connection, if a session may be created too."""
        exceeded = await self._charge({QuotaKind.CONNECTIONS: 1, QuotaKind.SESSIONS: 0})
        return None if exceeded is None else _connection_error(exceeded)

    async def charge_session(self) -> ConnectionQuotaReached | None:
        """Charge a session that was created; also if its connection is refused, as other connections may enter it."""
        exceeded = await self._charge({QuotaKind.SESSIONS: 1})
        if exceeded is None:
            return None
        self._quotas.debit(self.owners, QuotaKind.SESSIONS, 1)
        return _connection_error(exceeded)

    async def charge_request(self) -> None:
        """Charge a request, if content may be prepared and stored too. Raises ``QuotaReached``."""
        costs = {QuotaKind.REQUESTS: 1, QuotaKind.CONTENT_TIME: 0, QuotaKind.STORED_SIZE: 0}
        exceeded = await self._charge(costs)
        if exceeded is not None:
            sentence = f"{_used_up(exceeded)} Repeat the request"
            raise QuotaReached(f"{sentence} in {_seconds(exceeded)}.", exceeded.kind, _wait(exceeded))

    def debit_content_time(self, seconds: float) -> None:
        self._quotas.debit(self.owners, QuotaKind.CONTENT_TIME, round(1000 * seconds))

    def debit_stored_size(self, size_bytes: int) -> None:
        self._quotas.debit(self.owners, QuotaKind.STORED_SIZE, -(-size_bytes // 1024))

    async def _charge(self, costs: Mapping[QuotaKind, int]) -> QuotaExceeded | None:
        return await self._quotas.charge(self, costs)


def _connection_error(exceeded: QuotaExceeded) -> ConnectionQuotaReached:
    sentence = f"{_used_up(exceeded)} Reconnect in {_seconds(exceeded)}."
    return ConnectionQuotaReached(sentence, exceeded.kind, _wait(exceeded))


def _used_up(exceeded: QuotaExceeded) -> str:
    return f"The quota of {exceeded.kind.description} in a minute is used up, for {exceeded.owner.description}."


def _seconds(exceeded: QuotaExceeded) -> str:
    return f"{max(1, math.ceil(exceeded.retry_after_seconds))} s"


def _wait(exceeded: QuotaExceeded) -> float:
    """In whole milliseconds, rounded up: earlier, it would be refused again."""
    return math.ceil(1000 * exceeded.retry_after_seconds) / 1000

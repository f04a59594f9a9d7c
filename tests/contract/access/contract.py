"""The tests that every access store must pass. All of them run with a clock that the test moves."""

import asyncio
import sys
from abc import ABC, abstractmethod
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from service.access.api_key import KEY_ISSUER
from service.access.ports import AccessStore
from service.access.quota import MINUTE, Charge, QuotaExceeded, QuotaOwner, excess, used_until
from service.access.revocation import KEY_REVOCATION_KEPT_SECONDS, Revocation
from service.events import OPERATIONS, Dependency, Operation
from service.protocol.quota_kind import QuotaKind
from tests.conftest import PROJECT, environment
from tests.contract.access.samples import BEGIN, KEY, SECOND, charge, revocation
from tests.contract.access.worker import REVOKED_AT

PROCESSES = 4


class Model:
    """Quotas by the pure functions."""

    def __init__(self) -> None:
        self._used: dict[str, int] = {}

    def charge(self, charges: Sequence[Charge], now: int) -> QuotaExceeded | None:
        used = dict(self._used)
        for one in charges:
            used[one.key] = used_until(one, used.get(one.key, 0), now)
            if wait := excess(one, used[one.key], now):
                return QuotaExceeded(one.kind, one.owner, wait / 1e6)
        self._used = used
        return None

    def debit(self, charges: Sequence[Charge], now: int) -> None:
        for one in charges:
            self._used[one.key] = used_until(one, self._used.get(one.key, 0), now)


QUOTAS = {QuotaKind.REQUESTS: 7, QuotaKind.CONTENT_TIME: 30_000, QuotaKind.STORED_SIZE: 2 * MINUTE}
charges = st.builds(
    lambda kind, owner, cost: charge(min(cost, QUOTAS[kind]), per_minute=QUOTAS[kind], kind=kind, owner=owner),
    st.sampled_from(list(QUOTAS)),
    st.sampled_from(QuotaOwner),
    st.one_of(st.integers(0, 3), st.integers(0, 2 * MINUTE)),
)
History = list[tuple[int, bool, list[Charge]]]
"""The microseconds since the step before, whether the charges are debits, and the charges."""
steps = st.tuples(
    st.one_of(st.just(0), st.integers(0, 1000), st.integers(0, 2 * MINUTE)),
    st.booleans(),
    st.lists(charges, min_size=1, max_size=4),
)


class AccessStoreContract(ABC):
    """A subclass for a back end defines the abstract methods."""

    now: int
    """In microseconds since the epoch."""

    @pytest.fixture
    def back_end(self) -> None:
        """Prepare the back end before its clock is set."""
        return

    @pytest.fixture(autouse=True)
    def _begin(self, back_end: None) -> None:
        self.measured: list[Operation] = []
        self.move_to(BEGIN)

    @abstractmethod
    def make(self) -> AccessStore:
        """Create a store, which measures its calls with ``measure``; it is empty at the beginning of a test."""

    @contextmanager
    def measure(self, operation: Operation) -> Iterator[None]:
        self.measured.append(operation)
        yield

    def move_to(self, microseconds: int) -> None:
        """Set the clock of the store."""
        self.now = microseconds

    @pytest.fixture
    async def store(self) -> AsyncIterator[AccessStore]:
        store = self.make()
        yield store
        await store.close()

    # Keys

    async def test_a_key_is_found_by_its_digest_as_it_was_added(self, store: AccessStore) -> None:
        never = replace(KEY, key_id="k-2", digest=b"\xff" * 32, created_at=1.5, expires_at=None, sessions=(), scopes=())
        await store.add_key(KEY)
        await store.add_key(never)
        assert [await store.find_key(one.digest) for one in (KEY, never)] == [KEY, never]
        assert await store.find_key(b"\0" * 32) is None
        assert list(await store.keys()) == [never, KEY], "in the order of their creation"

    async def test_a_key_is_revoked_once_and_that_is_recorded(self, store: AccessStore) -> None:
        await store.add_key(KEY)
        assert not await store.revoke_key("another", 1_700_000_001.75)
        assert await store.revoke_key(KEY.key_id, 1_700_000_001.75)
        assert not await store.revoke_key(KEY.key_id, 1_700_000_002.0)
        revoked = replace(KEY, revoked_at=1_700_000_001.75)
        assert await store.find_key(KEY.digest) == revoked
        assert list(await store.keys()) == [revoked]
        [recorded] = await store.revocations(0)
        assert recorded == Revocation(recorded.sequence, KEY_ISSUER, KEY.key_id, "", 1_700_000_001.75)
        self.move_to(BEGIN + round(KEY_REVOCATION_KEPT_SECONDS) * SECOND)
        assert list(await store.revocations(0)) == []
        assert await store.find_key(KEY.digest) == revoked

    # Revocations

    async def test_revocations_are_returned_in_order_after_a_sequence(self, store: AccessStore) -> None:
        by_subject = Revocation(0, "issuer", "", "a subject", 12.5)
        recorded = [revocation(1), by_subject, revocation(2)]
        sequences = [await store.revoke(one, 60) for one in recorded]
        expected = [replace(one, sequence=number) for one, number in zip(recorded, sequences, strict=True)]
        assert sequences == sorted(set(sequences))
        assert min(sequences) > 0
        assert [list(await store.revocations(after)) for after in (0, sequences[0], sequences[2])] == [
            expected,
            expected[1:],
            [],
        ]

    async def test_a_revocation_is_kept_for_its_time(self, store: AccessStore) -> None:
        await store.revoke(revocation("short"), 60)
        await store.revoke(revocation("long"), 3600)
        self.move_to(BEGIN + 60 * SECOND - 1)
        assert len(await store.revocations(0)) == 2
        self.move_to(BEGIN + 60 * SECOND)
        [left] = await store.revocations(0)
        await store.revoke(revocation("later"), 60)
        assert [one.token_id for one in await store.revocations(0)] == ["token-long", "token-later"]
        assert left.token_id == "token-long"

    async def test_the_sequence_ascends_when_no_revocation_is_left(self, store: AccessStore) -> None:
        first = await store.revoke(revocation(1), 60)
        self.move_to(BEGIN + 61 * SECOND)
        await self.expire()
        assert await store.revoke(revocation(2), 60) > first
        assert [one.token_id for one in await store.revocations(first)] == ["token-2"]

    @abstractmethod
    async def expire(self) -> None:
        """Return when the store has deleted what has expired."""

    async def test_many_revocations_are_all_returned(self, store: AccessStore) -> None:
        await asyncio.gather(*(store.revoke(revocation(number), 60) for number in range(2500)))
        found = await store.revocations(0)
        assert len({one.token_id for one in found}) == 2500
        assert [one.sequence for one in found] == list(range(found[0].sequence, found[0].sequence + 2500))

    # Quotas

    def test_a_history_of_charges_and_debits_is_that_of_the_rules(self) -> None:
        numbers = count()

        @given(st.lists(steps, max_size=30))
        def compare(history: History) -> None:
            asyncio.run(self._compare(history, f"user-{next(numbers)}"))

        compare()

    async def _compare(self, history: History, name: str) -> None:
        store, model = self.make(), Model()
        self.move_to(BEGIN)
        for gap, debits, made in history:
            self.move_to(self.now + gap)
            of_name = [replace(one, name=name) for one in made]
            if debits:
                await store.debit(of_name)
                model.debit(of_name, self.now)
            else:
                assert await store.charge(of_name) == model.charge(of_name, self.now)
        await store.close()

    async def test_charges_are_made_together_or_not_at_all(self, store: AccessStore) -> None:
        other = charge(per_minute=2, owner=QuotaOwner.ADDRESS, name="192.0.2.1")
        assert [await store.charge([charge(per_minute=5), other]) for _ in range(2)] == [None, None]
        for _ in range(10):
            assert await store.charge([charge(per_minute=5), other]) == QuotaExceeded(other.kind, other.owner, 30)
        assert await store.charge([charge(3, per_minute=5)]) is None, "what was refused is not used"
        assert await store.charge([charge(per_minute=5)]) is not None

    async def test_charges_of_one_quota_add_up(self, store: AccessStore) -> None:
        refused = QuotaExceeded(QuotaKind.REQUESTS, QuotaOwner.PRINCIPAL, 30)
        assert await store.charge([charge(per_minute=2)] * 3) == refused
        assert await store.charge([charge(per_minute=2)] * 2) is None
        self.move_to(BEGIN + 60 * SECOND)
        await store.debit([charge(per_minute=2)] * 2)
        assert await store.charge([charge(per_minute=2)]) == refused

    async def test_a_debit_beyond_the_quota_frees_itself(self, store: AccessStore) -> None:
        await store.debit([charge(150, per_minute=60)])
        free_at = BEGIN + 91 * SECOND
        for moment, wait in ((BEGIN, 91.0), (free_at - 1, 1e-6)):
            self.move_to(moment)
            refused = QuotaExceeded(QuotaKind.REQUESTS, QuotaOwner.PRINCIPAL, wait)
            assert [await store.charge([charge(cost)]) for cost in (0, 1)] == [refused, refused]
        self.move_to(free_at)
        assert await store.charge([charge(0)]) is None
        assert await store.charge([charge(1)]) is None
        assert await store.charge([charge(1)]) is not None

    async def test_concurrent_charges_admit_exactly_the_quota(self, store: AccessStore) -> None:
        outcomes = await asyncio.gather(*(store.charge([charge(per_minute=50)]) for _ in range(200)))
        assert outcomes.count(None) == 50

    # Calls

    async def test_every_call_is_measured(self, store: AccessStore) -> None:
        await store.add_key(KEY)
        await store.find_key(KEY.digest)
        await store.keys()
        await store.revoke_key(KEY.key_id, 1.0)
        await store.revoke(revocation(1), 60)
        await store.revocations(0)
        await store.charge([charge()])
        await store.debit([charge()])
        assert len(self.measured) == 8
        assert tuple(dict.fromkeys(self.measured)) == OPERATIONS[Dependency.ACCESS_STORE]


class SharedAccessStoreContract(AccessStoreContract):
    """A store of several processes: the stores that ``make`` returns in one test share their data."""

    place: str
    """The path or the URL."""
    kind: str

    @abstractmethod
    async def lose_everything(self) -> AccessStore:
        """Return a new store after all data is lost."""

    @asynccontextmanager
    async def processes(self) -> AsyncIterator[list["Worker"]]:
        """Processes that use the store and have opened it."""
        async with AsyncExitStack() as endings:
            workers = [Worker() for _ in range(PROCESSES)]
            for worker in workers:
                await worker.start(self.kind, self.place, str(self.now))
                endings.push_async_callback(worker.stop)
            assert [await worker.line() for worker in workers] == ["ready"] * PROCESSES
            yield workers

    @pytest.mark.parametrize("times", [200, pytest.param(2000, marks=pytest.mark.proof)])
    async def test_processes_admit_exactly_the_quota(self, times: int) -> None:
        quota = times * 3 // 2
        async with self.processes() as workers:
            admitted = await asyncio.gather(*(worker.ask(f"charge {times} {quota}") for worker in workers))
        assert sum(map(int, admitted)) == quota

    async def test_no_revocation_of_a_process_is_missed_or_repeated(self, store: AccessStore) -> None:
        found: list[Revocation] = []

        async def follow(over: Callable[[], bool]) -> None:
            while True:
                last_round = over()
                found.extend(await store.revocations(found[-1].sequence if found else 0))
                if last_round:
                    return

        async with self.processes() as workers:
            revoking = asyncio.gather(*(worker.ask(f"revoke 200 {n}") for n, worker in enumerate(workers)))
            await follow(revoking.done)
        assert len({one.token_id for one in found}) == PROCESSES * 200
        assert [one.sequence for one in found] == list(range(BEGIN, BEGIN + PROCESSES * 200))

    async def test_a_key_is_found_and_revoked_in_all_processes(self, store: AccessStore) -> None:
        find = f"find {KEY.digest.hex()}"
        async with self.processes() as workers:
            assert {await worker.ask(find) for worker in workers} == {"None"}
            await store.add_key(KEY)
            assert {await worker.ask(find) for worker in workers} == {str((KEY.name, None))}
            assert await workers[0].ask(f"revoke_key {KEY.key_id}") == "True"
            assert {await worker.ask(find) for worker in workers} == {str((KEY.name, REVOKED_AT))}
        assert [one.token_id for one in await store.revocations(0)] == [KEY.key_id]

    async def test_a_process_that_follows_sees_what_is_revoked_after_all_data_was_lost(
        self, store: AccessStore
    ) -> None:
        for number in range(10):
            last = await store.revoke(revocation(number), 60)
        await store.close()
        self.move_to(BEGIN + SECOND)
        later = await self.lose_everything()
        await later.revoke(revocation("later"), 60)
        assert [one.token_id for one in await later.revocations(last)] == ["token-later"]
        await later.close()


class Worker:
    """A process that uses the store."""

    process: Process

    async def start(self, *arguments: str) -> None:
        command = (sys.executable, "-m", "tests.contract.access.worker", *arguments)
        self.process = await asyncio.create_subprocess_exec(
            *command, cwd=PROJECT, env=environment(PYTHONDONTWRITEBYTECODE=1), stdin=PIPE, stdout=PIPE
        )

    async def line(self) -> str:
        assert self.process.stdout is not None
        return (await self.process.stdout.readline()).decode().strip()

    async def ask(self, command: str) -> str:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{command}\n".encode())
        return await self.line()

    async def stop(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        assert await self.process.wait() == 0

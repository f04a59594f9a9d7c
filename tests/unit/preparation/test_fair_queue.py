"""The queue shares one worker equally by measured time, never idles, and starves no client."""

from collections import defaultdict
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from service.preparation.fair_queue import BUDGET, LARGEST_LEAD_SECONDS, SMALLEST_COST_SECONDS, Entry, FairQueue

PLENTY = 1_000_000
COSTS = st.floats(0, 1)


def queue_of(max_bytes: int = PLENTY) -> FairQueue[str]:
    return FairQueue(max_bytes, 0.0)


def add(
    queue: FairQueue[str], client: str, item: str = "", *, cost: float = 0.01, size: int = 1, now: float = 0.0
) -> Entry[str]:
    entry, refused = queue.add(client, item or client, now, cost_seconds=cost, size_bytes=size)
    assert not refused
    return entry


def serve(queue: FairQueue[str], seconds: float = 0.01, now: float = 0.0) -> str:
    entry = queue.take(now)
    assert entry is not None
    queue.finish(entry, seconds, now)
    return entry.item


def serve_all(queue: FairQueue[str]) -> Iterator[str]:
    while len(queue):
        yield serve(queue)


# Order


def test_clients_take_turns_and_the_requests_of_one_keep_their_order() -> None:
    queue = queue_of()
    for number in range(3):
        add(queue, "a", f"a{number}")
    for number in range(2):
        add(queue, "b", f"b{number}")
    assert [*serve_all(queue)] == ["a0", "b0", "a1", "b1", "a2"]


def test_a_client_that_used_more_than_it_was_expected_to_waits_behind_the_others() -> None:
    queue = queue_of()
    add(queue, "heavy", "first")
    assert serve(queue, seconds=1.0) == "first"
    add(queue, "heavy")
    for number in range(5):
        add(queue, f"c{number}")
    assert [*serve_all(queue)] == ["c0", "c1", "c2", "c3", "c4", "heavy"]


def test_a_small_request_of_an_unknown_client_precedes_large_ones() -> None:
    queue = queue_of()
    for number in range(20):
        add(queue, f"large{number}", cost=0.16)
    add(queue, "small", cost=0.02)
    assert serve(queue) == "small"


def test_a_client_within_its_budget_is_equal_to_those_that_used_nothing() -> None:
    queue = queue_of()
    for second in range(100):
        add(queue, "steady", now=float(second))
        serve(queue, seconds=BUDGET, now=float(second))
    add(queue, "steady", now=100.0)
    add(queue, "other", now=100.0)
    assert [*serve_all(queue)] == ["steady", "other"]


def test_a_client_is_equal_to_others_again_after_an_idle_time() -> None:
    queue = queue_of()
    add(queue, "heavy")
    serve(queue, seconds=5.0)
    later = LARGEST_LEAD_SECONDS / BUDGET
    add(queue, "heavy", now=later)
    add(queue, "other", now=later)
    assert [*serve_all(queue)] == ["heavy", "other"]


def test_a_removed_request_is_not_served_and_the_next_one_of_its_client_takes_its_place() -> None:
    queue = queue_of()
    first = add(queue, "a", "a0")
    add(queue, "a", "a1")
    add(queue, "b", "b0")
    assert queue.remove(first, 0.0)
    assert not queue.remove(first, 0.0)
    assert sorted(serve_all(queue)) == ["a1", "b0"]


# Bounds


def test_the_client_with_the_most_bytes_loses_its_latest_request() -> None:
    queue = queue_of(max_bytes=10)
    add(queue, "greedy", "g0", size=4)
    add(queue, "greedy", "g1", size=4)
    _, refused = queue.add("modest", "m0", 0.0, cost_seconds=0.01, size_bytes=3)
    assert [entry.item for entry in refused] == ["g1"]
    entry, refused = queue.add("greedy", "g2", 0.0, cost_seconds=0.01, size_bytes=7)
    assert refused == [entry]
    assert sorted(serve_all(queue)) == ["g0", "m0"]


def test_a_request_larger_than_the_queue_may_wait_alone() -> None:
    queue = queue_of(max_bytes=10)
    add(queue, "a", size=100)
    assert serve(queue) == "a"


def test_accounts_and_cancelled_requests_leave_nothing_behind() -> None:
    queue = queue_of()
    add(queue, "busy")
    busy = queue.take(0.0)
    for number in range(1000):
        queue.remove(add(queue, f"gone{number}", size=100), 0.0)
    assert busy is not None
    queue.finish(busy, 0.0, 0.0)
    for number in range(1000):
        add(queue, f"c{number}", now=float(number))
        serve(queue, seconds=0.001, now=float(number))
    assert queue.size_bytes == 0
    assert len(queue._accounts) < 200  # noqa: SLF001 - the memory of the queue is what is tested
    assert len(queue._heap) < 200  # noqa: SLF001 - as above


# Properties


@given(st.lists(st.tuples(COSTS, COSTS), min_size=2, max_size=6), st.integers(10, 500))
def test_clients_that_always_wait_get_equal_shares(costs: list[tuple[float, float]], turns: int) -> None:
    """By measured time, whatever they were expected to take; they differ by a few requests, however many are served."""
    queue = queue_of()
    used = defaultdict[str, float](float)
    for number, (expected, _) in enumerate(costs):
        add(queue, str(number), cost=expected)
    for _ in range(turns):
        entry = queue.take(0.0)
        assert entry is not None
        client = entry.item
        expected, measured = costs[int(client)]
        queue.finish(entry, measured, 0.0)
        used[client] += max(measured, SMALLEST_COST_SECONDS)
        add(queue, client, cost=expected)
    largest = max(max(pair) for pair in costs) + SMALLEST_COST_SECONDS
    shares = [used[str(number)] for number in range(len(costs))]
    assert max(shares) - min(shares) <= (len(costs) + 2) * largest


@given(COSTS, COSTS, st.floats(SMALLEST_COST_SECONDS, 1))
def test_new_clients_without_end_starve_no_request(used: float, expected: float, cost: float) -> None:
    """What precedes a request is bounded by what its client received, and by what it is expected to cost itself."""
    queue = queue_of()
    add(queue, "old", "before", cost=0.0)
    serve(queue, seconds=used)
    add(queue, "old", "waits", cost=expected)
    bound = 2 * (max(used, SMALLEST_COST_SECONDS) + max(expected, SMALLEST_COST_SECONDS)) / cost + 2
    served = 0
    while True:
        add(queue, f"new{served}", "new", cost=cost)
        if serve(queue, seconds=cost) == "waits":
            break
        served += 1
        assert served <= bound


class Machine(RuleBasedStateMachine):
    """Any order of calls: each request leaves once, the worker never idles while one waits, the bytes are bounded."""

    MAX_BYTES = 50

    def __init__(self) -> None:
        super().__init__()
        self.queue: FairQueue[int] = FairQueue(self.MAX_BYTES, 0.0)
        self.now = 0.0
        self.waiting: dict[int, Entry[int]] = {}
        self.serving: Entry[int] | None = None
        self.added = 0

    @rule(client=st.sampled_from("abcd"), cost=COSTS, size=st.integers(0, 30))
    def add(self, client: str, cost: float, size: int) -> None:
        self.added += 1
        entry, refused = self.queue.add(client, self.added, self.now, cost_seconds=cost, size_bytes=size)
        self.waiting[self.added] = entry
        for other in refused:
            assert self.waiting.pop(other.item) is other

    @precondition(lambda self: self.serving is None)
    @rule()
    def take(self) -> None:
        entry = self.queue.take(self.now)
        assert (entry is None) == (not self.waiting)
        if entry is not None:
            assert self.waiting.pop(entry.item) is entry
            of_client = [other.item for other in self.waiting.values() if other.account is entry.account]
            assert all(entry.item < other for other in of_client), "the requests of a client keep their order"
        self.serving = entry

    @precondition(lambda self: self.serving is not None)
    @rule(seconds=COSTS)
    def finish(self, seconds: float) -> None:
        assert self.serving is not None
        self.now += seconds
        self.queue.finish(self.serving, seconds, self.now)
        self.serving = None

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.waiting)))
        assert self.queue.remove(self.waiting.pop(number), self.now)

    @rule(seconds=st.floats(0, 100))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @invariant()
    def the_queue_has_what_waits(self) -> None:
        assert len(self.queue) == len(self.waiting)
        assert self.queue.size_bytes == sum(entry.size_bytes for entry in self.waiting.values()) <= self.MAX_BYTES


TestMachine = Machine.TestCase

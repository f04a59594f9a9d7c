"""The ledger: what came in is what went out, is active or was lost, whatever happens in whatever order."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from observability.metrics.ledger import LEDGER_METRICS, Ledger, LedgerCollector
from observability.registry import metrics as declared
from observability.registry.metric_types import AdmittedBy, LostWork
from service.events import CloseReason, DeathReason, Outcome
from service.process.supervisor import Lost

WORKERS = 3
STEPS = st.lists(
    st.tuples(st.integers(0, WORKERS - 1), st.sampled_from(["open", "close", "admit", "recover", "end", "die"]))
)


@given(STEPS)
def test_the_books_balance_and_deaths_lose_exactly_what_was_active(steps: list[tuple[int, str]]) -> None:
    ledger = Ledger(WORKERS)
    connections, requests = Counter[int](), Counter[int]()
    lost_connections, lost_requests, deaths = Counter[int](), Counter[int](), Counter[int]()
    for worker, step in steps:
        match step:
            case "open":
                ledger.count(worker, declared.CONNECTIONS_OPENED)
                connections[worker] += 1
            case "close" if connections[worker]:
                ledger.count(worker, declared.CONNECTION_CLOSES, CloseReason.CLIENT)
                connections[worker] -= 1
            case "admit" | "recover":
                by = AdmittedBy.REQUEST if step == "admit" else AdmittedBy.RECOVERY
                ledger.count(worker, declared.REQUESTS_ADMITTED, by)
                requests[worker] += 1
            case "end" if requests[worker]:
                ledger.count(worker, declared.REQUESTS_ENDED)
                requests[worker] -= 1
            case "die":
                lost = ledger.record_death(worker, DeathReason.KILLED)
                assert lost == Lost(connections[worker], requests[worker])
                lost_connections[worker] += connections.pop(worker, 0)
                lost_requests[worker] += requests.pop(worker, 0)
                deaths[worker] += 1
    for worker in range(WORKERS):
        row = ledger.row(worker)
        assert row.value(declared.CONNECTIONS_ACTIVE) == connections[worker]
        assert row.value(declared.REQUESTS_ACTIVE) == requests[worker]
        assert row.value(declared.LOST, LostWork.CONNECTIONS) == lost_connections[worker]
        assert row.value(declared.LOST, LostWork.REQUESTS) == lost_requests[worker]
        assert row.value(declared.WORKER_DEATHS, DeathReason.KILLED) == deaths[worker]


def test_a_heartbeat_is_new_with_each_beat_and_none_after_a_death() -> None:
    ledger = Ledger(2)
    assert ledger.heartbeat(1) == 0
    ledger.beat(1)
    first = ledger.heartbeat(1)
    ledger.beat(1)
    assert 0 < first < ledger.heartbeat(1)
    assert (ledger.heartbeat(0), ledger.silence(1) < ledger.silence(0)) == (0, True)
    ledger.record_death(1, DeathReason.HUNG)
    assert ledger.heartbeat(1) == 0


def test_the_families_have_each_declared_series_of_each_worker() -> None:
    ledger = Ledger(2)
    ledger.count(1, declared.REQUESTS, "text", Outcome.COMPLETED)
    labelled = {
        (sample.name, *sample.labels.items()): sample.value
        for family in LedgerCollector(ledger, {0: True, 1: False}, labelled=True).collect()
        for sample in family.samples
    }
    assert labelled.keys() == {
        (metric.name, *zip(metric.labels, labels, strict=True), ("worker", worker))
        for metric in LEDGER_METRICS
        for labels in metric.combinations()
        for worker in ("0", "1")
    }
    assert {series: value for series, value in labelled.items() if value} == {
        ("stream_requests_total", ("content_type", "text"), ("outcome", "completed"), ("worker", "1")): 1,
        ("stream_worker_up", ("worker", "0")): 1,
    }
    alone = LedgerCollector(ledger, {1: True}, labelled=False).collect()
    [own] = [family for family in alone if family.name == "stream_requests"]
    assert {
        sample.value for sample in own.samples if sample.labels == {"content_type": "text", "outcome": "completed"}
    } == {1}

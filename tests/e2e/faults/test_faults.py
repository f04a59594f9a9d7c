"""Each fault of the matrix, injected into a running service: what an operator sees, and nothing else."""

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.e2e.faults.matrix import ROWS
from tests.e2e.faults.row import Row
from tests.e2e.faults.runner import Outcome, run

Outcomes = Mapping[str, Future[Outcome]]


@pytest.fixture(scope="module")
def outcomes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcomes]:
    """The selected rows by name; as many run at once as the machine has processors."""
    items = [
        item for item in request.session.items if isinstance(item, pytest.Function) and item.name.startswith(_TEST)
    ]
    rows = [row for item in items if isinstance(row := item.callspec.params["row"], Row)]
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        yield {row.name: threads.submit(run, row, tmp_path_factory.mktemp("row")) for row in rows}


@pytest.mark.parametrize(
    "row", [pytest.param(row, id=row.name, marks=() if row.quick else pytest.mark.proof) for row in ROWS]
)
def test_a_fault_is_seen(outcomes: Outcomes, row: Row, record_property: Callable[[str, object], None]) -> None:
    """A fault is injected: its alerts fire and no others, panels show it, and its figure is that of the clients."""
    outcome = outcomes[row.name].result()
    notified = ", ".join(f"{name} after {minutes:.0f} minutes" for name, minutes in outcome.notified.items())
    record_property("notified", notified or "nothing")
    record_property("explain", ", ".join(outcome.explained) or "nothing")
    for name, minutes in outcome.visible.items():
        record_property(f"minutes until {name}", minutes)
    for name, figure in outcome.figures.items():
        record_property(name, figure)
    assert outcome.missing == []
    assert outcome.false(row) == set()


_TEST = test_a_fault_is_seen.__name__

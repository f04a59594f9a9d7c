"""The rows of the fault matrix on live streams."""

from typing import Final

from tests.e2e.faults import live_faults
from tests.e2e.faults.row import Row, Shown

LIVE_ROWS: Final = (
    Row(
        "producers killed",
        live_faults.producers_killed,
        frozenset({"LiveProducersLost", "LiveStreamsStalled"}),
        (Shown("live: Changes of producers"), Shown("live: Streams without a sign of their producer")),
        causes=("producers_lost",),
        minute=12,
        watch_minutes=2,
    ),
    Row(
        "the store of live streams locked for 0.8 s each second",
        live_faults.live_store_locked,
        frozenset({"LiveStoreLag", "SlowDependency"}),
        (Shown("live: Until appends are stored, p99 by instance"),),
        causes=("live_store_slow",),
        minute=12,
        watch_minutes=2,
    ),
)

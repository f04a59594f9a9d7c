"""The cases of causes in live streams."""

from tests.unit.cli.explain.causes.case import Case
from tests.unit.cli.explain.given import counter, gauge, histogram, lines

_CHANGES = "stream_live_producer_changes_total"

CASES = [
    Case(
        cause="producers_lost",
        series=[counter(_CHANGES, 12, change="lost"), counter(_CHANGES, 3, change="adopted")],
        parts=("12 producers, 3 streams were adopted", "+12"),
    ),
    Case(
        cause="producers_lost",
        name="log",
        alone=True,
        lines=lines(11, "producer_lost", "WARNING", session_id="s-1", bytes=7),
        parts=("11 producers", "producer_lost of 1 session"),
    ),
    Case(
        cause="producers_silent",
        series=[
            gauge("stream_live_streams", 6, state="open"),
            gauge("stream_live_streams", 3, 0, state="stalled"),
            gauge("stream_live_streams", 3, 0, state="interrupted"),
        ],
        parts=("50 % of 12 streams", "6 open, 3 stalled, 3 interrupted"),
    ),
    Case(
        cause="live_store_lag",
        series=[
            *histogram("stream_live_durable_lag_seconds", {0.1: 1000.0, 0.5: 0.0, 2.5: 100.0}),
            counter("stream_live_refusals_total", 5, reason="overloaded"),
        ],
        parts=("until an append is durable", "of 1,100 commits", "5 refused requests"),
    ),
    Case(
        cause="live_hold_back",
        series=histogram("stream_live_hold_back_seconds", {0.25: 1000.0, 0.3: 0.0, 0.5: 100.0}),
        parts=("held back for too long", "1,100 undecided ends"),
    ),
]

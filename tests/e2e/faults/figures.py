"""What the load counts itself, and the metric that has to agree."""

from typing import Final

from tests.e2e.faults.row import Figure

COMPLETED: Final = Figure(
    "completed streams",
    'sum(stream_requests_total{outcome="completed"})',
    lambda stage, _: stage.load.tally.ended["stream_complete"],
)

FIRST_CHUNK: Final = Figure(
    "first chunk, p95",
    "histogram_quantile(0.95, sum by (le) (increase(stream_time_to_first_chunk_seconds_bucket[$fault])))",
    lambda stage, since: stage.load.tally.p95_first_chunk(since),
    tolerance=0.1,
)

FIRST_CHUNKS: Final = Figure(
    "first chunks",
    "sum(stream_time_to_first_chunk_seconds_count)",
    lambda stage, _: len(stage.load.tally.first_chunks),
)

LOST: Final = Figure(
    "lost connections",
    'sum(stream_lost_total{what="connections"})',
    lambda stage, _: stage.load.tally.closed[1006],
)

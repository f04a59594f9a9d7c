"""The amount of work of a run."""

from msgspec import Struct


class Scale(Struct, frozen=True):
    """By default a few minutes, and a quarter of an hour each for telemetry and stores."""

    rounds: int = 3
    streams: tuple[int, ...] = (200, 1000)
    superfast_streams: tuple[int, ...] = (200, 2000)
    """To compare few with many."""
    fast_streams: tuple[int, ...] = (3000,)
    spread_seconds_per_stream: float = 0.004
    settle_seconds: float = 1
    window_seconds: float = 4
    warm_connections: int = 200
    connections: int = 2000
    starts: int = 5
    content_bytes: tuple[int, ...] = (10_000, 100_000)
    content_repeats: int = 15
    hostile_repeats: int = 3
    hostile_step: int = 1
    """Every how many-th kind of hostile content is measured."""
    content_lag_rounds: int = 5
    token_checks: int = 200
    """Groups of checks, of which the least counts."""
    token_streams: tuple[int, ...] = (1000,)
    live_streams: tuple[int, ...] = (100,)
    live_window_seconds: float = 4
    live_knee_step: int = 50
    live_knee_most: int = 800
    live_burst_streams: int = 30
    live_growth_bytes: int = 100_000
    live_memory_streams: int = 200
    live_source_bytes: int = 1_000_000
    live_cancels: int = 100
    browser_rounds: int = 2
    telemetry_rounds: int = 9
    telemetry_chunks: int = 300
    """Of one stream."""
    scrapes: int = 50
    store_rounds: int = 3
    store_streams: tuple[int, ...] = (50, 200)
    store_chunks: int = 100
    """Of one stream, for every size of document."""
    store_repeats: int = 3
    """Streams on each connection, one after the other."""
    store_rest_seconds: float = 3.5
    """Longer than the time to live and the interval between two sweeps."""
    attackers: tuple[int, ...] = (1, 20)
    """Sockets of each attack."""
    document_bytes: tuple[int, ...] = (2_000, 100_000)
    restart_clients: int = 1800
    small_documents: int = 300


QUICK = Scale(
    rounds=1,
    streams=(300,),
    superfast_streams=(100, 600),
    fast_streams=(800,),
    window_seconds=2,
    connections=500,
    starts=3,
    content_repeats=3,
    hostile_repeats=1,
    hostile_step=5,
    content_lag_rounds=2,
    token_checks=50,
    token_streams=(300,),
    live_streams=(50,),
    live_window_seconds=2,
    live_knee_step=100,
    live_knee_most=300,
    live_memory_streams=50,
    live_cancels=20,
    browser_rounds=1,
    telemetry_rounds=2,
    telemetry_chunks=100,
    scrapes=10,
    store_rounds=1,
    store_chunks=50,
    document_bytes=(2_000, 50_000),
    restart_clients=500,
    small_documents=100,
)

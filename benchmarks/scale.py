"""How much is measured."""

from msgspec import Struct


class Scale(Struct, frozen=True):
    """How much of it. The default takes a few minutes, and for telemetry a quarter of an hour."""

    rounds: int = 3
    telemetry_rounds: int = 9
    telemetry_chunks: int = 300
    """Of one stream."""
    telemetry_streams: int = 500
    """Played to the sinks in one go."""
    scrapes: int = 50
    streams: tuple[int, ...] = (200, 1000)
    spread_seconds_per_stream: float = 0.004
    settle_seconds: float = 1
    window_seconds: float = 4
    warm_connections: int = 200
    connections: int = 2000
    starts: int = 5
    content_bytes: tuple[int, ...] = (10_000, 100_000)
    content_repeats: int = 15
    content_lag_rounds: int = 5
    browser_rounds: int = 2


QUICK = Scale(
    rounds=1,
    telemetry_rounds=2,
    telemetry_chunks=100,
    telemetry_streams=100,
    scrapes=10,
    streams=(300,),
    window_seconds=2,
    connections=500,
    starts=3,
    content_repeats=3,
    content_lag_rounds=2,
    browser_rounds=1,
)

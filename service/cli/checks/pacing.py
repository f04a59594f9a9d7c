"""The pace of chunks, and the speed that ``adaptive`` chooses."""

from collections.abc import Sequence
from statistics import fmean, median

from service.cli.checks.probe import Probe, Run, expect, expect_complete, expect_equal
from service.cli.pace import GAP_SECONDS, deviations, gaps, percentile
from streaming_content import Connection, Stream

_PINGS = 6

_BY_COMPLEXITY = (
    ("low", "superfast", "Nothing but plain words here."),
    ("medium", "fast", "<p>one two three four five</p>"),
    ("high", "normal", "<p><strong>one</strong> <em>two</em></p>"),
)


def pace(speed: str, chunks: int) -> Run:
    """The check of one speed over a number of chunks."""

    async def check(probe: Probe) -> str:
        async with probe.connect() as connection:
            tolerance = await measure_tolerance(probe, connection)
            stream = await connection.stream(words(chunks), speed=speed)
        return expect_pace(stream, speed, chunks, tolerance)

    return check


def expect_pace(stream: Stream, speed: str, chunks: int, tolerance: float) -> str:
    """The recorded arrivals keep the pace of the speed, with a tolerance in seconds. Returns the figures."""
    gap = GAP_SECONDS[speed]
    expect_complete(stream)
    expect_equal("speed_used", speed, stream.speed)
    expect_equal("chunks", chunks, len(stream.chunks))
    typical = median(gaps(stream.arrivals))
    expect(typical <= gap * 1.25 + tolerance, f"a gap of {_ms(gap)}", f"{_ms(typical)} (median)")
    expect_never_early(stream.arrivals, gap, tolerance)
    off = [abs(deviation) for deviation in deviations(stream.arrivals, gap)]
    mean = fmean(gaps(stream.arrivals))
    return f"gap mean {_ms(mean)}, off by p50 {_ms(percentile(off, 0.5))}, p99 {_ms(percentile(off, 0.99))}"


async def adaptive(probe: Probe) -> str:
    for complexity, speed, content in _BY_COMPLEXITY:
        async with probe.connect() as connection:
            stream = await connection.stream(content, content_type="html", speed="adaptive")
        expect_complete(stream)
        expect_equal("complexity", complexity, stream.metadata.get("complexity"))
        expect_equal(f"speed_used for {complexity}", speed, stream.speed)
    return ", ".join(f"{complexity}: {speed}" for complexity, speed, _ in _BY_COMPLEXITY)


def words(count: int) -> str:
    """Text of ``count`` words."""
    return " ".join(f"w{number}" for number in range(count))


async def measure_tolerance(probe: Probe, connection: Connection) -> float:
    """The tolerance of the probe, and the variation of the network, measured with pings; in seconds."""
    times = [await connection.ping() for _ in range(_PINGS)]
    return probe.tolerance_seconds + max(times) - min(times)


def expect_never_early(arrivals: Sequence[float], gap: float, tolerance: float) -> None:
    earliest = min(deviations(arrivals, gap))
    expect(earliest >= -tolerance, f"no chunk early (within {_ms(tolerance)})", f"one {_ms(-earliest)} early")


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"

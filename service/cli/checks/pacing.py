"""The pace of chunks, and how ``adaptive`` chooses it."""

from statistics import fmean, median

from service.cli.checks.probe import Probe, Run, expect, expect_equal, expect_whole
from service.cli.client import Conversation
from service.cli.pace import GAP_SECONDS, deviations, gaps, percentile

_TOLERANCE_SECONDS = 0.01
_PINGS = 6

_BY_COMPLEXITY = (
    ("low", "superfast", "Nothing but plain words here."),
    ("medium", "fast", "<p>one two three four five</p>"),
    ("high", "normal", "<p><strong>one</strong> <em>two</em></p>"),
)


def pace(speed: str, chunks: int) -> Run:
    """The check of one speed over so many chunks."""

    async def check(probe: Probe) -> str:
        gap = GAP_SECONDS[speed]
        async with probe.converse() as conversation:
            tolerance = await tolerance_seconds(conversation)
            reception = await conversation.stream(words(chunks), speed=speed)
        expect_whole(reception)
        expect_equal("speed_used", speed, reception.speed)
        expect_equal("chunks", chunks, len(reception.chunks))
        usual = median(gaps(reception.arrivals))
        expect(usual <= gap * 1.25 + tolerance, f"a gap of {_ms(gap)}", f"{_ms(usual)} (median)")
        expect_never_early(reception.arrivals, gap, tolerance)
        off = [abs(deviation) for deviation in deviations(reception.arrivals, gap)]
        mean = fmean(gaps(reception.arrivals))
        return f"gap mean {_ms(mean)}, off by p50 {_ms(percentile(off, 0.5))}, p99 {_ms(percentile(off, 0.99))}"

    return check


async def adaptive(probe: Probe) -> str:
    for complexity, speed, content in _BY_COMPLEXITY:
        async with probe.converse() as conversation:
            reception = await conversation.stream(content, content_type="html", speed="adaptive")
        expect_whole(reception)
        expect_equal("complexity", complexity, reception.metadata.get("complexity"))
        expect_equal(f"speed_used for {complexity}", speed, reception.speed)
    return ", ".join(f"{complexity}: {speed}" for complexity, speed, _ in _BY_COMPLEXITY)


def words(count: int) -> str:
    """Text of so many words."""
    return " ".join(f"w{number}" for number in range(count))


async def tolerance_seconds(conversation: Conversation) -> float:
    """What the network may add to or take from the time between two arrivals, going by some pings."""
    times = [await conversation.ping() for _ in range(_PINGS)]
    return _TOLERANCE_SECONDS + max(times) - min(times)


def expect_never_early(arrivals: list[float], gap: float, tolerance: float) -> None:
    earliest = min(deviations(arrivals, gap))
    expected = f"no chunk before its time (give or take {_ms(tolerance)})"
    expect(earliest >= -tolerance, expected, f"one {_ms(-earliest)} early")


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"

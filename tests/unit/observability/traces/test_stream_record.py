"""The spans of a stream are where its times are: inside the stream, in order, none over another."""

from itertools import accumulate, pairwise

from hypothesis import given
from hypothesis import strategies as st

from service.content.stage import Stage, StageTime
from service.events import Outcome
from tests.unit.observability.traces.recording import SAMPLED, Recording
from tests.unit.observability.traces.recording import times as times_of

ORDER = [
    "validate",
    "rate_limit",
    "queue",
    "content_wait",
    "convert",
    "sanitise",
    "analyse",
    "chunk",
    "store",
    "deliver",
]
STAGES = [Stage.WAIT, Stage.CONVERT, Stage.SANITISE, Stage.ANALYSE, Stage.CHUNK]
GAPS = st.lists(st.floats(0, 100, allow_subnormal=False), min_size=9, max_size=9)
ROUNDING_MS = 0.02


@given(gaps=GAPS, reached=st.integers(0, 4), uptime=st.floats(0, 1e7))
def test_the_spans_of_a_stream_tile_its_time(gaps: list[float], reached: int, uptime: float) -> None:
    """``reached``: how far the stream came before it ended, from its admission to its delivery."""
    recording = Recording()
    recording._steady += uptime  # noqa: SLF001 - the clock of the test
    times = [recording.ago(0) + seconds for seconds in accumulate(gaps)]
    recording.admit(SAMPLED)
    called, admitted, dequeued, *stage_ends = times[:8]
    later = ["dequeued", "prepared", "started"]
    happened = dict(zip(later, [dequeued, times[7], times[8]], strict=True))
    recording.happened(SAMPLED, called=called, admitted=admitted)
    for name in later[:reached]:
        recording.happened(SAMPLED, **{name: happened[name]})
    begins = [dequeued, *stage_ends]
    stages = tuple(
        StageTime(stage, began, ended - began) for stage, (began, ended) in zip(STAGES, pairwise(begins), strict=True)
    )
    recording.wait(int(1000 * (times[-1] - recording.ago(0))) + 1)
    recording.end(
        SAMPLED,
        Outcome.CANCELLED,
        work=(0.1, stages) if reached >= 1 else (None, ()),
    )
    placed = [(span.name, *times_of(span)) for span in recording.spans]
    [(_, first, last)] = [place for place in placed if place[0] == "stream"]
    children = [place for place in placed if place[0] in ORDER]
    names = [name for name, _, _ in children]
    assert names == [name for name in ORDER if name in names]
    for name, began, ended in children:
        assert first - ROUNDING_MS <= began <= ended + ROUNDING_MS <= last + 2 * ROUNDING_MS, name
    for (before, _, ended), (after, began, _) in pairwise(children):
        assert ended <= began + ROUNDING_MS, (before, after)

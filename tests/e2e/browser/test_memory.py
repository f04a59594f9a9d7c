"""Streamed content is released: the memory of the page does not grow with the number of streams."""

from tests.e2e.browser.visit import Visit

STREAMS = 10
FEW_BYTES = 25_000
"""Less than the messages of a stream, and much less than its document: either would be noticed if it were kept."""


def test_memory_does_not_grow_with_the_number_of_streams(visit: Visit) -> None:
    play(visit)  # The engine compiles code that is used often, for some hundred streams: benchmarks/browser.py.
    play(visit)
    before = heap_bytes(visit)
    play(visit)
    assert (heap_bytes(visit) - before) / STREAMS < FEW_BYTES


def play(visit: Visit) -> None:
    for _ in range(STREAMS):
        visit.button("MEGA Complex HTML").click()
        visit.has_streamed(1)
        visit.button("Skip").click()
        visit.is_complete()


def heap_bytes(visit: Visit) -> int:
    """Clear the log, collect garbage repeatedly (finalizers release more of it), and return the used heap."""
    visit.button("Clear the messages").click()
    session = visit.page.context.new_cdp_session(visit.page)
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
    used: int = session.send("Runtime.getHeapUsage")["usedSize"]
    return used

"""Streamed content is released: the memory of the page does not grow with the number of streams."""

from collections.abc import Iterator

from tests.e2e.browser.visit import Visit

STREAMS = 10
MEASURED = 5
FEW_BYTES = 25_000
"""Less than the messages of a stream, and much less than its document: either would be noticed if it were kept."""


def test_memory_does_not_grow_with_the_number_of_streams(visit: Visit) -> None:
    """What is kept of each stream grows the heap every time; the engine, which compiles code, only at times."""
    visit.choose(speed="slow")  # none ends before its skip
    assert any(bytes_of_a_stream < FEW_BYTES for bytes_of_a_stream in growths(visit))


def growths(visit: Visit) -> Iterator[float]:
    """What a stream adds to the heap, in bytes, over the first streams after some and over those that follow."""
    before = heap_bytes_after_streams(visit)
    for _ in range(MEASURED):
        after = heap_bytes_after_streams(visit)
        yield (after - before) / STREAMS
        before = after


def heap_bytes_after_streams(visit: Visit) -> int:
    """Show streams, clear the log, collect garbage repeatedly (finalizers release more), and return the used heap."""
    for _ in range(STREAMS):
        visit.button("MEGA Complex HTML").click()
        visit.has_streamed(1)
        visit.button("Skip").click()
        visit.is_complete()
    visit.button("Clear the messages").click()
    session = visit.page.context.new_cdp_session(visit.page)
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
    used: int = session.send("Runtime.getHeapUsage")["usedSize"]
    return used

"""The test page in a real Chromium: what a stream costs its frames, and what many streams leave in its memory.

Both ways show the same stream in the same editor. Ours is the page as it is, with its figures, chart and log; the other
does nothing but what is written most often: ``editor.commands.setContent()`` of all that has come, for each chunk.
"""

import os
import statistics
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from playwright.sync_api import CDPSession, Page, expect, sync_playwright

from benchmarks.documents import document
from benchmarks.figures import Measure, Target
from benchmarks.machine import Cores
from benchmarks.scale import Scale
from benchmarks.servers import SERVICE, running
from service.protocol.messages import ContentType

PAGE, SET_CONTENT = "the page", "setContent for each chunk"

_CHROMIUM = "/usr/bin/chromium"
_PATIENCE_MS = 600_000
_FRAME_TARGET_MS = 50.0
_GROWTH_TARGET_KB = 5.0
_WARM, _MEASURED = 200, 50
"""Streams; the first ones fill what is bounded: the log, the console, the engine's caches."""

_RECORD_FRAMES = """() => {
  let last, on = true;
  const frame = (now) => {
    if (last !== undefined) performance.measure("frame", { start: last, end: now });
    last = now;
    if (on) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  globalThis.recorded = () => {
    on = false;
    return performance.getEntriesByName("frame").map(({ duration }) => duration);
  };
}"""

_SET_CONTENT = """(content) => {
  let sofar = "";
  const onChunk = ({ data, close }) => {
    sofar += data;
    editor.commands.setContent(sofar + close);
  };
  const options = { contentType: "html", speed: "superfast", chunkBy: "sentence", htmlMode: "incremental", onChunk };
  return streaming().client.stream(content, options).completed.then(() => undefined);
}"""


def browser(scale: Scale, cores: Cores, say: Callable[[str], None]) -> list[Measure]:
    """Both, on whatever cores are left to the browser."""
    p95 = Measure("browser_frames", "Frames while HTML streams by sentence at superfast: 95 % are shorter", "ms")
    longest = Measure("browser_longest", "The longest of them", "ms")
    work = Measure("browser_work", "What the page's thread works meanwhile: scripts, layout, painting", "s")
    took = Measure("browser_duration", "From the request until all is shown", "s")
    growth = Measure("browser_memory", "What a stream leaves in the page, after a collection", "KB", compared=False)
    size = scale.content_bytes[-1]
    case = f"{size // 1000} KB"
    content = document(ContentType.HTML, size)
    with running(SERVICE, cores, settings={"CHUNK_TIMEOUT": "600", "MAX_REQUESTS_PER_SESSION": "1000"}) as server:
        url = f"http://127.0.0.1:{server.port}/websocket-test"
        for turn in range(scale.browser_rounds):
            for name, stream in ((PAGE, _stream_on_the_page), (SET_CONTENT, _set_content)):
                say(f"{case} in a browser, round {turn + 1} of {scale.browser_rounds}: {name}")
                with _opened(url) as page:
                    session = page.context.new_cdp_session(page)
                    session.send("Performance.enable")  # from now on it counts
                    stream(page, content)
                    frames = page.evaluate("() => recorded()")
                    work.add(case, name, _worked_seconds(session))
                took.add(case, name, sum(frames) / 1000)
                p95.add(case, name, statistics.quantiles(frames, n=20, method="inclusive")[-1])
                longest.add(case, name, max(frames))
        say(f"{_WARM + _MEASURED} streams in a browser, one after the other")
        with _opened(url) as page:
            growth.add(f"after {_WARM} streams", PAGE, _growth_kb(page))
    return [p95, longest, work, took, growth]


def browser_targets(by_name: Mapping[str, Measure]) -> list[Target]:
    """The frames of the page, and that nothing is kept of a stream."""
    found: list[Target] = []
    if frames := by_name.get("browser_frames"):
        for case in frames.figures:
            found.append(Target(f"frames of {case} of HTML, p95, ms", frames.median(case, PAGE), _FRAME_TARGET_MS))
            found.append(Target(f"the same / {SET_CONTENT}", frames.ratio(case, PAGE, SET_CONTENT), 1))
    if growth := by_name.get("browser_memory"):
        found += (
            Target(f"memory a stream, {case}, KB", growth.median(case, PAGE), _GROWTH_TARGET_KB)
            for case in growth.figures
        )
    return found


def _stream_on_the_page(page: Page, content: str) -> None:
    page.get_by_text("Your own text or file").click()
    page.locator("#own-text").fill(content)
    for name, value in {"content_type": "html", "speed": "superfast", "chunk_by": "sentence"}.items():
        page.locator(f"select[name={name}]").select_option(value)
    page.evaluate(_RECORD_FRAMES)
    page.get_by_role("button", name="Stream it").click()
    expect(page.locator("#stream-state")).to_contain_text("Complete", timeout=_PATIENCE_MS)


def _set_content(page: Page, content: str) -> None:
    page.evaluate(_RECORD_FRAMES)
    page.evaluate(_SET_CONTENT, content)


def _worked_seconds(session: CDPSession) -> float:
    metrics = {metric["name"]: metric["value"] for metric in session.send("Performance.getMetrics")["metrics"]}
    seconds: float = metrics["TaskDuration"]
    return seconds


def _growth_kb(page: Page) -> float:
    """Of the heap, for each stream after the warm ones."""
    heap = []
    for count in (_WARM, _MEASURED):
        for _ in range(count):
            page.get_by_role("button", name="Complex HTML", exact=True).click()
            page.get_by_role("button", name="Skip", exact=True).click()
            expect(page.locator("#stream-state")).to_contain_text("Complete")
        heap.append(_heap_bytes(page))
    return (heap[1] - heap[0]) / _MEASURED / 1000


def _heap_bytes(page: Page) -> int:
    session = page.context.new_cdp_session(page)
    for _ in range(3):  # what is freed by finalizers goes with the next
        session.send("HeapProfiler.collectGarbage")
    used: int = session.send("Runtime.getHeapUsage")["usedSize"]
    session.detach()
    return used


@contextmanager
def _opened(url: str) -> Iterator[Page]:
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=_CHROMIUM, args=as_root)
        page = chromium.new_page(viewport={"width": 1440, "height": 1000})
        page.set_default_timeout(_PATIENCE_MS)
        page.goto(url)
        expect(page.locator("#connection")).to_contain_text("Connected")
        yield page
        chromium.close()

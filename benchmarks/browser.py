"""The test page in a Chromium: its frames while a stream arrives, and the memory that a stream leaves.

For comparison the same editor gets the same stream by ``editor.commands.setContent()`` of all content so far.
"""

import os
import statistics
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
from playwright.sync_api import Page, expect, sync_playwright

from benchmarks.documents import document
from benchmarks.measure import Measure
from benchmarks.processes import SERVICE, serve
from benchmarks.rounds import Run
from service.protocol.messages import ContentType

PAGE, SET_CONTENT = "the page", "setContent for each chunk"

_CHROMIUM = "/usr/bin/chromium"
_TIMEOUT_MS = 600_000
_WARM, _MEASURED = 200, 50
"""Streams; the first ones fill what is bounded: the log, the console, the caches of the engine."""

_RECORD_FRAMES = """() => {
  let last, on = true;
  const frames = [];
  const frame = (now) => {
    if (last !== undefined) frames.push(now - last);
    last = now;
    if (on) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  globalThis.recorded = () => {
    on = false;
    return frames;
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


def browser(run: Run) -> list[Measure]:
    frames = Measure("browser_frames", "Frames while HTML streams by sentence at superfast, p95", "ms")
    memory = Measure("browser_memory", "Memory that a stream leaves in the page", "KB", compared=False)
    size, rounds = run.scale.content_bytes[-1], run.scale.browser_rounds
    case, content = f"{size // 1000} KB", document(ContentType.HTML, size)
    settings = {"CHUNK_TIMEOUT": "600", "MAX_REQUESTS_PER_SESSION": "1000"}
    with serve(msgspec.structs.replace(SERVICE, settings=settings), run.cores) as server:
        url = server.url + "/websocket-test#play=off"
        for turn in range(rounds):
            for name, stream in ((PAGE, _stream_on_the_page), (SET_CONTENT, _set_content)):
                run.report(f"{case} in a browser, round {turn + 1} of {rounds}: {name}")
                with _opened(url) as page:
                    stream(page, content)
                    recorded = page.evaluate("() => recorded()")
                frames.add(case, name, statistics.quantiles(recorded, n=20, method="inclusive")[-1])
        run.report(f"{_WARM + _MEASURED} streams in a browser, one after the other")
        with _opened(url) as page:
            before, after = (_heap_bytes(page, streams) for streams in (_WARM, _MEASURED))
            memory.add(f"after {_WARM} streams", PAGE, (after - before) / _MEASURED / 1000)
    return [frames, memory]


def _stream_on_the_page(page: Page, content: str) -> None:
    page.get_by_text("Your own text or file").click()
    page.locator("#own-text").fill(content)
    for name, value in {"content_type": "html", "speed": "superfast", "chunk_by": "sentence"}.items():
        page.locator(f"select[name={name}]").select_option(value)
    page.evaluate(_RECORD_FRAMES)
    page.get_by_role("button", name="Stream it").click()
    expect(page.locator("#stream-state")).to_contain_text("Complete", timeout=_TIMEOUT_MS)


def _set_content(page: Page, content: str) -> None:
    page.evaluate(_RECORD_FRAMES)
    page.evaluate(_SET_CONTENT, content)


def _heap_bytes(page: Page, streams: int) -> int:
    """The used heap after more streams and a collection."""
    for _ in range(streams):
        page.get_by_role("button", name="Complex HTML", exact=True).click()
        page.get_by_role("button", name="Skip", exact=True).click()
        expect(page.locator("#stream-state")).to_contain_text("Complete")
    session = page.context.new_cdp_session(page)
    for _ in range(3):  # what finalizers release is collected by the next one
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
        page.set_default_timeout(_TIMEOUT_MS)
        page.goto(url)
        expect(page.locator("#connection")).to_contain_text("Connected")
        yield page
        chromium.close()

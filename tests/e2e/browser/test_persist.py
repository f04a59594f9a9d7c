"""An application whose streams go on after a reload, and in one tab at a time, in a real Chromium."""

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import copy
from threading import Thread

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.conftest import PROJECT, RunningServer

BUILDS = [PROJECT / f"clients/js/dist/streaming-content-{name}.js" for name in ("client", "storage")]
CONTENT = "".join(f"<p>word{index} <b>bold{index}</b></p>" for index in range(80))

APPLICATION = """<!doctype html>
<title>Application</title>
<article></article>
<script type="module">
  import { StreamingClient, domRenderer } from "./streaming-content-client.js";
  import { persist } from "./streaming-content-storage.js";

  const client = new StreamingClient("SERVICE");
  const streams = await persist(client);
  const html = decodeURIComponent(location.hash.slice(1));
  const options = { contentType: "html", htmlMode: "incremental" };
  if (!streams.length && html) streams.push(client.stream(html, options));
  for (const stream of streams) {
    const { append: onChunk } = domRenderer(document.querySelector("article"), stream.htmlMode);
    stream.listen({ onChunk });
    stream.completed.then(() => (document.title = "complete"), ({ code }) => (document.title = code));
  }
  window.skip = () => streams.forEach((stream) => stream.skip());
  document.documentElement.dataset.streams = streams.length;
</script>
"""


@pytest.fixture
def address(server: RunningServer, tmp_path: Path) -> Iterator[str]:
    """The address of the application."""
    (tmp_path / "index.html").write_text(APPLICATION.replace("SERVICE", server.url))
    for path in BUILDS:
        copy(path, tmp_path)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(tmp_path))) as files:
        thread = Thread(target=files.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{files.server_port}/"
        files.shutdown()
        thread.join()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context()
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, address: str) -> Page:
    """The application in the middle of a stream."""
    page = context.new_page()
    page.goto(f"{address}#{CONTENT}")
    expect(page.locator("article")).to_contain_text("word3")
    return page


def copy_of(page: Page, address: str) -> Page:
    """Open another tab with a copy of the session storage of this one."""
    with page.expect_popup() as opened:
        page.evaluate(f"open('{address}')")
    return opened.value


def is_exact(page: Page) -> None:
    page.evaluate("skip()")
    expect(page).to_have_title("complete")
    assert page.locator("article").inner_html() == CONTENT


def streams(page: Page, count: int) -> None:
    expect(page.locator("html")).to_have_attribute("data-streams", str(count))


def test_reloads_in_mid_stream(page: Page) -> None:
    for _ in range(3):
        page.reload()
        streams(page, 1)
        expect(page.locator("article")).to_contain_text("word1")
    is_exact(page)


def test_the_way_to_another_page_and_back(page: Page) -> None:
    page.goto("about:blank")
    page.go_back()
    streams(page, 1)
    is_exact(page)


def test_a_duplicated_tab_leaves_the_stream_to_its_original(page: Page, address: str) -> None:
    duplicate = copy_of(page, address)
    streams(duplicate, 0)
    is_exact(page)
    duplicate.reload()
    streams(duplicate, 0)


def test_a_duplicated_tab_whose_original_was_closed_goes_on(page: Page, address: str) -> None:
    duplicate = copy_of(page, "about:blank")
    page.close()
    duplicate.goto(address)
    streams(duplicate, 1)
    is_exact(duplicate)

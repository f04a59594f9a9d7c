"""A page without a network, for longer than a client usually tries; and a service that does not allow the page."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import RunningServer, StartServer
from tests.e2e.browser.conftest import StartVisit
from tests.e2e.browser.samples import NAMED, stream_at_once
from tests.e2e.browser.test_recovery import Start, start
from tests.e2e.browser.visit import CHROMIUM, QUIET, SANDBOX

__all__ = ["start"]

SAMPLE = NAMED["Table"]

_BEGIN = """async (content) => {
  const { StreamingClient } = await import("/static/client.js");
  const mine = (window.mine = { text: "" });
  addEventListener("pageshow", ({ persisted }) => (mine.persisted = persisted));
  mine.stream = new StreamingClient().stream(content, { onChunk: ({ data }) => (mine.text += data) });
  await new Promise((received) => mine.stream.on("chunk", ({ index }) => index === 5 && received()));
}"""
"""A stream in mid-run, in a page that keeps what it received."""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that may have faults."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


def test_a_page_of_a_foreign_origin_is_refused_with_a_reason(page: Page, start_server: StartServer) -> None:
    server = start_server(ALLOWED_ORIGINS="https://page.example")
    page.goto(f"{server.url}/websocket-test#{QUIET}")
    expect(page.get_by_text("answers, but refuses the connection")).to_be_visible()
    expect(page.get_by_text("CONNECTION_REFUSED")).to_be_visible()


def test_a_page_that_was_kept_for_the_way_back_goes_on(browser: Browser, server: RunningServer) -> None:
    content = "".join(f"word{number} " for number in range(60))
    keeping = browser.browser_type.launch(
        executable_path=CHROMIUM, args=SANDBOX, ignore_default_args=["--disable-back-forward-cache"]
    )
    page = keeping.new_page()
    page.goto(f"{server.url}/websocket-test#{QUIET}")
    page.evaluate(_BEGIN, content)
    page.goto("about:blank")
    page.go_back(wait_until="commit")  # a page that was kept is not loaded
    assert page.evaluate("() => mine.stream.completed.then(() => [mine.text, mine.persisted])") == [content, True]
    keeping.close()


@pytest.mark.proof
@pytest.mark.parametrize("seconds", [75, 250])
def test_a_stream_goes_on_after_a_long_time_offline(start: Start, start_visit: StartVisit, seconds: int) -> None:
    server = start(0)
    visit = start_visit(server)
    visit.choose(speed="fast")
    visit.button(SAMPLE.name).click()
    visit.has_streamed(5)
    visit.page.context.set_offline(True)
    server.process.kill()  # its open connections end
    server.process.wait()
    start(server.address[1])
    expect(visit.state).to_contain_text("Interrupted after")
    visit.page.wait_for_timeout(seconds * 1000)
    visit.page.context.set_offline(False)
    visit.is_complete()
    streamed = visit.content()
    assert streamed == visit.set_at_once(stream_at_once(SAMPLE.content, SAMPLE.content_type), whole_space=False)
    assert visit.page.evaluate("() => streaming().stream.received === streaming().stream.start.totalChunks")

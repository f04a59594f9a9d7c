"""The live sample of the page: the service writes it while people read it, type into it and stop it."""

from contextlib import nullcontext
from pathlib import Path

from playwright.sync_api import expect

from service.content.prepare import prepare
from service.protocol.limits import Limits
from service.protocol.messages import ContentType, HtmlMode, StreamRequest
from tests.conftest import PROJECT, RunningServer
from tests.e2e.browser.conftest import StartVisit
from tests.e2e.browser.test_recovery import Start, start
from tests.e2e.browser.visit import Visit

__all__ = ["start"]

SAMPLE = Path(PROJECT / "service/publishing/live_sample.md").read_text()


def sample_html() -> str:
    """What the sample becomes when it is streamed as one request."""
    request = StreamRequest(content=SAMPLE, content_type=ContentType.MARKDOWN, html_mode=HtmlMode.INCREMENTAL)
    return prepare(request, Limits(), lambda _stage: nullcontext()).chunks.text


def begins(visit: Visit) -> None:
    expect(visit.state).to_contain_text("Being written")
    expect(visit.document.locator("h1")).to_contain_text("A story")


def test_the_sample_is_written_while_the_user_types_beside_it(visit: Visit) -> None:
    visit.button("Live").click()
    begins(visit)
    visit.put_cursor("start")
    visit.page.keyboard.type("MINE ")
    visit.is_complete()
    streamed = visit.content()
    assert streamed[0]["content"][0]["text"].startswith("MINE A story")
    streamed[0]["content"][0]["text"] = streamed[0]["content"][0]["text"].removeprefix("MINE ")
    assert streamed == visit.set_at_once(sample_html(), whole_space=False)


def test_what_was_written_is_kept_when_the_service_that_writes_it_is_killed(
    start: Start, start_visit: StartVisit
) -> None:
    """The service that writes the sample is gone; what it had written is there when it is back."""
    server = start(0)
    visit = start_visit(server)
    visit.button("Live").click()
    begins(visit)
    visit.has_streamed(10)
    server.process.kill()
    expect(visit.page.locator("#connection")).to_have_attribute("data-state", "reconnecting")
    server.process.wait()
    before = visit.text()
    start(server.address[1])
    visit.connected()
    expect(visit.state).to_contain_text("silent")  # its writer is gone
    assert visit.text().strip().startswith(before.strip()[:200])


def test_a_second_page_reads_the_same_stream_and_a_cancel_stops_it_for_both(
    visit: Visit, start_visit: StartVisit, server: RunningServer
) -> None:
    other = start_visit(server)
    session = visit.page.evaluate("() => sessionStorage.getItem('streaming-session')")
    other.page.evaluate("id => sessionStorage.setItem('streaming-session', id)", session)
    other.page.reload()
    other.connected()
    visit.button("Live").click()
    begins(visit)
    begins(other)
    visit.button("Cancel").click()
    expect(visit.state).to_contain_text("Cancelled")
    expect(other.state).to_contain_text("Cancelled")


def test_a_page_that_is_reloaded_shows_what_was_written_and_goes_on(visit: Visit) -> None:
    visit.button("Live").click()
    begins(visit)
    visit.has_streamed(10)
    visit.page.reload()
    visit.connected()
    begins(visit)
    visit.is_complete()
    assert visit.content() == visit.set_at_once(sample_html(), whole_space=False)

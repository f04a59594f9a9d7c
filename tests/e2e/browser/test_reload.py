"""A page that is reloaded, duplicated, or left and entered again in mid-stream has its stream back, whole."""

import pytest
from playwright.sync_api import expect

from tests.conftest import RunningServer
from tests.e2e.browser.conftest import StartVisit
from tests.e2e.browser.samples import NAMED, stream_at_once
from tests.e2e.browser.test_recovery import Start, start
from tests.e2e.browser.visit import Visit

__all__ = ["start"]

SAMPLE = NAMED["Table"]
WORDS = " ".join(f"word{number}" for number in range(60))


def begin(visit: Visit) -> None:
    visit.choose(speed="normal")
    visit.button(SAMPLE.name).click()
    visit.has_streamed(5)


def is_whole(visit: Visit) -> None:
    visit.is_complete()
    streamed = visit.content()
    html = stream_at_once(SAMPLE.content, SAMPLE.content_type)
    assert streamed == visit.set_at_once(html, whole_space=False)
    assert visit.page.evaluate("() => streaming().stream.received === streaming().stream.start.totalChunks")


def test_a_reload_brings_the_stream_back(visit: Visit) -> None:
    begin(visit)
    stream_id = visit.page.evaluate("() => streaming().stream.streamId")
    visit.page.reload()
    is_whole(visit)
    assert visit.page.evaluate("() => streaming().stream.streamId") == stream_id
    expect(visit.button(SAMPLE.name)).to_have_attribute("aria-pressed", "true")
    expect(visit.page.locator("#session")).to_contain_text("99 of 100")  # charged once


@pytest.mark.proof
def test_three_pages_are_reloaded_at_once(start_visit: StartVisit, server: RunningServer) -> None:
    visits = [start_visit(server) for _ in range(3)]
    for visit in visits:
        begin(visit)
    for visit in visits:
        visit.page.reload()
    for visit in visits:
        is_whole(visit)
        assert visit.faults == []


def test_a_reload_during_a_pause_keeps_the_pause(visit: Visit) -> None:
    visit.write(WORDS)
    visit.choose(speed="fast", content_type="text")
    visit.button("Stream it").click()
    visit.has_streamed(5)
    visit.button("Pause").click()
    expect(visit.state).to_contain_text("Paused")
    visit.page.reload()
    expect(visit.state).to_contain_text("Paused")
    visit.button("Resume").click()
    visit.is_complete()
    assert visit.text() == WORDS  # the reader's own text
    visit.button("Again").click()
    visit.button("Skip").click()
    visit.is_complete()
    assert visit.text() == WORDS


def test_a_reload_after_the_end_shows_what_the_address_asks_for(start_visit: StartVisit, server: RunningServer) -> None:
    visit = start_visit(server, address="sample=plain-text")
    visit.is_complete()
    visit.page.reload()
    visit.is_complete()
    assert visit.text() == NAMED["Plain Text"].content
    expect(visit.page.locator("#session")).to_contain_text("98 of 100")


def test_a_duplicate_of_the_tab_leaves_the_stream_to_its_original(visit: Visit) -> None:
    begin(visit)
    with visit.page.context.expect_page() as opened:
        visit.page.evaluate("() => void open(location.href)")
    duplicate = opened.value
    expect(duplicate.locator("#connection")).to_contain_text("Connected")
    assert duplicate.evaluate("() => sessionStorage.getItem('streaming-session')")  # a copy of that of the original
    is_whole(visit)
    assert duplicate.evaluate("() => streaming().stream") is None
    duplicate.close()


def test_a_page_that_was_left_in_mid_stream_goes_on_when_the_reader_comes_back(
    start_visit: StartVisit, server: RunningServer
) -> None:
    visit = start_visit(server)
    begin(visit)
    visit.page.goto("about:blank")
    visit.page.go_back()
    is_whole(visit)
    assert [fault for fault in visit.faults if "WebSocket connection to" not in fault] == []  # the browser ended it


@pytest.mark.proof
def test_a_reload_after_the_server_was_killed(start: Start, start_visit: StartVisit) -> None:
    server = start(0)
    visit = start_visit(server)
    begin(visit)
    server.process.kill()
    server.process.wait()
    expect(visit.state).to_contain_text("Interrupted after")
    start(server.address[1])
    visit.page.reload()
    is_whole(visit)


@pytest.mark.proof
def test_a_reload_while_the_line_is_cut(visit: Visit) -> None:
    begin(visit)
    assert visit.cut_line()[2] == "broken"
    visit.page.reload()
    is_whole(visit)


def test_a_cancelled_stream_does_not_come_back(visit: Visit) -> None:
    begin(visit)
    visit.button("Cancel").click()
    expect(visit.state).to_contain_text("Cancelled")
    visit.page.reload()
    expect(visit.page.locator("#connection")).to_contain_text("round trip")
    assert visit.page.evaluate("() => streaming().stream") is None

"""The server is killed during a stream and restarted: the page continues, with every chunk once."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import expect

from service.protocol.messages import HtmlMode
from tests.conftest import RunningServer
from tests.e2e.browser.conftest import StartVisit
from tests.e2e.browser.samples import NAMED, stream_at_once

Start = Callable[[int], RunningServer]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a server on the same port with the same stored data."""
    with ExitStack() as endings:

        def started(port: int) -> RunningServer:
            server = RunningServer(tmp_path, {"DRAIN_SECONDS": 0, "PORT": port})
            endings.callback(server.stop)
            return server

        yield started


@pytest.mark.parametrize("mode", HtmlMode)
def test_no_chunk_is_lost_when_the_server_is_killed(start: Start, start_visit: StartVisit, mode: HtmlMode) -> None:
    server = start(0)
    visit = start_visit(server)
    visit.choose(html_mode=mode)
    visit.button("MEGA Complex HTML").click()
    visit.has_streamed(8)
    server.process.kill()
    expect(visit.page.locator("#connection")).to_have_attribute("data-state", "reconnecting")
    expect(visit.state).to_contain_text("Interrupted after")
    server.process.wait()
    start(server.address[1])
    visit.is_complete()
    streamed = visit.content()
    sample = NAMED["MEGA Complex HTML"]
    html = stream_at_once(sample.content, sample.content_type, mode)
    assert streamed == visit.set_at_once(html, whole_space=mode is HtmlMode.FRAGMENT)
    assert visit.page.evaluate("() => streaming().stream.received === streaming().stream.start.totalChunks")
    expect(visit.page.locator("#session")).to_contain_text("99 of 100")  # charged once
    assert {fault for fault in visit.faults if "WebSocket connection to" not in fault} == set()


def test_a_page_without_a_stream_reconnects_too(start: Start, start_visit: StartVisit) -> None:
    server = start(0)
    visit = start_visit(server)
    server.process.kill()
    server.process.wait()
    expect(visit.page.locator("#connection")).to_contain_text(re.compile(r"reconnecting in \d+ s"))
    expect(visit.button("Try now")).to_be_visible()  # once the next attempt is in some seconds
    start(server.address[1])
    visit.page.evaluate("() => document.querySelector('#retry').click()")  # which may be hidden by now
    visit.connected()
    expect(visit.button("Try now")).to_be_hidden()
    visit.button("Plain Text").click()
    visit.is_complete()
    assert visit.text() == NAMED["Plain Text"].content

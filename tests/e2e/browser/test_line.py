"""The line is cut under the page: the stream comes back with every character, and the page shows it."""

import re

import pytest
from playwright.sync_api import expect

from tests.conftest import RunningServer
from tests.e2e.browser.conftest import StartVisit
from tests.e2e.browser.samples import NAMED, stream_at_once
from tests.e2e.browser.visit import Visit

SAMPLE = "Table"

PROOF = re.compile(
    r"The line was cut after \d+ chunks, for [\d.]+ s\. Not a character is missing: "
    r"the [\d,]+ characters that arrived are those that the service sends in one piece \(SHA-256 [0-9a-f]{12}…\)\."
)


class Closings:
    """The WebSockets that end from now on."""

    def __init__(self, visit: Visit) -> None:
        self.count = 0
        visit.page.on("websocket", lambda socket: socket.on("close", self._add))

    def _add(self, _socket: object) -> None:
        self.count += 1


def begin(visit: Visit, sample: str = SAMPLE) -> None:
    visit.choose(speed="normal")
    visit.button(sample).click()
    visit.has_streamed(5)


def cut(visit: Visit, sample: str = SAMPLE) -> None:
    """Cut the line in the middle of a sample."""
    begin(visit, sample)
    assert visit.cut_line()[2] == "broken"


def is_whole(visit: Visit, sample: str = SAMPLE) -> None:
    streamed = visit.content()
    html = stream_at_once(NAMED[sample].content, NAMED[sample].content_type)
    assert streamed == visit.set_at_once(html, whole_space=False)
    assert visit.page.evaluate("() => streaming().stream.received === streaming().stream.start.totalChunks")


def test_a_cut_loses_nothing_and_the_page_proves_it(visit: Visit) -> None:
    closings = Closings(visit)
    visit.page.reload()  # for a socket that is counted
    visit.connected()
    before = closings.count
    begin(visit)
    connection, proof, state = visit.cut_line()
    assert (connection.strip(), state) == ("The line is cut", "broken")
    assert "The socket is closed. The stream will go on where it was, in" in proof
    visit.is_complete()
    expect(visit.page.locator("#proof")).to_have_text(PROOF)
    assert closings.count == before + 1
    is_whole(visit)
    expect(visit.page.locator("#chart")).to_have_attribute("aria-label", re.compile(r"Without a line: [\d.]+ s\.$"))
    expect(visit.page.locator("#chart .outage")).to_have_text(re.compile(r"[\d.]+ s without a line"))
    expect(visit.page.locator("#session")).to_contain_text("98 of 100")  # it and the one for the comparison


def test_the_line_can_be_repaired_before_its_time(visit: Visit) -> None:
    cut(visit)
    visit.repair_line()
    visit.is_complete()
    expect(visit.page.locator("#proof")).to_have_text(PROOF)
    is_whole(visit)


def test_a_stream_that_is_cut_twice_is_whole(visit: Visit) -> None:
    cut(visit)
    visit.repair_line()
    visit.has_streamed(8)
    visit.cut_line()
    visit.repair_line()
    visit.is_complete()
    expect(visit.page.locator("#proof")).to_have_text(PROOF)
    is_whole(visit)


@pytest.mark.proof
def test_three_pages_are_cut_at_once(start_visit: StartVisit, server: RunningServer) -> None:
    visits = [start_visit(server) for _ in range(3)]
    for visit in visits:
        cut(visit)
    for visit in visits:
        visit.repair_line()
    for visit in visits:
        visit.is_complete()
        is_whole(visit)
        assert visit.faults == []


def test_a_cut_of_a_page_without_a_stream_connects_again(visit: Visit) -> None:
    assert "The page connects again in" in visit.cut_line()[1]
    visit.repair_line()
    visit.connected()
    visit.button("Plain Text").click()
    visit.is_complete()
    assert visit.text() == NAMED["Plain Text"].content


@pytest.mark.proof
def test_a_live_stream_survives_a_cut_and_is_compared_too(visit: Visit) -> None:
    visit.button("Live").click()
    visit.has_streamed(10)
    assert visit.cut_line()[2] == "broken"
    visit.repair_line()
    visit.is_complete()
    expect(visit.page.locator("#proof")).to_have_text(PROOF)


def test_text_that_is_typed_while_the_line_is_cut_stays(visit: Visit) -> None:
    cut(visit)
    visit.put_cursor("start")
    visit.page.keyboard.type("MINE ")
    visit.repair_line()
    visit.is_complete()
    first = visit.content()[0]["content"][0]["text"]
    assert first.startswith("MINE ")
    expect(visit.page.locator("#proof")).to_have_text(PROOF)


def test_both_of_two_documents_survive(visit: Visit) -> None:
    visit.choose(view="two")
    cut(visit)
    visit.repair_line()
    visit.is_complete()
    is_whole(visit)
    beside = visit.page.locator("#beside-document")
    expect(beside).to_have_attribute("aria-busy", "false")
    html = stream_at_once(NAMED[SAMPLE].content, NAMED[SAMPLE].content_type)
    text = "html => new DOMParser().parseFromString(html, 'text/html').body.textContent"
    assert beside.evaluate("element => element.textContent").split() == visit.page.evaluate(text, html).split()


@pytest.mark.parametrize("button", ["Clear", "HTML"])
def test_a_stream_that_was_cut_and_then_replaced_is_not_compared(visit: Visit, button: str) -> None:
    cut(visit)
    visit.button(button).click()
    visit.repair_line()
    visit.connected()
    visit.button("Plain Text").click()
    visit.is_complete()
    expect(visit.page.locator("#proof")).to_be_hidden()
    assert visit.text() == NAMED["Plain Text"].content

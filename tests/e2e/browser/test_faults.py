"""Each error is shown with its meaning and a remedy."""

import json

from playwright.sync_api import expect

from service.protocol.errors import ErrorCode
from tests.conftest import PROJECT, StartServer
from tests.e2e.browser.conftest import StartVisit
from tests.e2e.browser.visit import Visit


def test_each_error_is_explained() -> None:
    advice = (PROJECT / "clients/page/src/faults.ts").read_text()
    assert [code for code in ErrorCode if f"  {code}: [" not in advice] == []


def test_content_that_is_too_large_is_explained(visit: Visit) -> None:
    visit.write("x" * 100_001)
    expect(visit.page.locator("#own-size")).to_have_text("100,001 bytes, over the limit of 100,000")
    visit.button("Stream it").click()
    notice = visit.page.get_by_role("alert")
    expect(notice).to_contain_text("CONTENT_TOO_LARGE")
    expect(notice).to_contain_text("Send less, or in parts.")
    expect(visit.state).to_contain_text("Failed")
    notice.get_by_role("button", name="Close").click()
    expect(visit.page.locator("#fault")).to_be_hidden()


def test_the_trace_id_of_the_request_that_failed_is_shown(visit: Visit) -> None:
    sent: list[str] = []
    visit.page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(str(frame))))
    visit.page.reload()
    visit.connected()
    visit.button("Plain Text").click()
    visit.is_complete()
    trace = visit.page.locator("#trace")
    earlier = trace.inner_text()
    visit.write("<script>alert(1)</script>")
    visit.choose(content_type="html")
    visit.button("Stream it").click()
    expect(visit.page.get_by_role("alert")).to_contain_text("EMPTY_CONTENT")
    expect(trace).not_to_have_text(earlier)
    requests = [json.loads(frame) for frame in sent if '"stream_request"' in frame]
    traces = [request["trace"]["traceparent"].split("-")[1] for request in requests]
    assert traces == [earlier, trace.inner_text()]


def test_empty_content_is_explained(visit: Visit) -> None:
    visit.write("<script>alert(1)</script>")
    visit.choose(content_type="html")
    visit.button("Stream it").click()
    expect(visit.page.get_by_role("alert")).to_contain_text("EMPTY_CONTENT")
    visit.choose(content_type="")
    visit.button("Plain Text").click()
    expect(visit.page.locator("#fault")).to_be_hidden()
    visit.is_complete()


def test_a_session_without_requests_left_can_be_replaced(start_server: StartServer, start_visit: StartVisit) -> None:
    visit = start_visit(start_server(MAX_REQUESTS_PER_SESSION=1))
    visit.button("Plain Text").click()
    visit.is_complete()
    expect(visit.page.locator("#session")).to_contain_text("0 of 1")
    visit.button("Again").click()
    notice = visit.page.get_by_role("alert")
    expect(notice).to_contain_text("RATE_LIMIT_EXCEEDED")
    notice.get_by_role("button", name="New session").click()
    expect(visit.page.locator("#session")).to_contain_text("1 of 1")
    visit.connected()
    visit.button("Again").click()
    visit.is_complete()
    assert visit.faults == []


def test_a_connection_that_was_closed_as_idle_is_opened_again_by_the_next_request(
    start_server: StartServer, start_visit: StartVisit
) -> None:
    visit = start_visit(start_server(IDLE_TIMEOUT=1))
    expect(visit.page.locator("#connection")).to_contain_text("Not connected; the next request connects")
    visit.button("Plain Text").click()
    visit.is_complete()
    assert visit.faults == []

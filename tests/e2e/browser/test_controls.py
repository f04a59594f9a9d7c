"""Pause, resume, skip and cancel, by button and by key."""

import pytest
from playwright.sync_api import expect

from service.protocol.messages import ContentType
from tests.e2e.browser.samples import NAMED, stream_at_once
from tests.e2e.browser.visit import Visit

WORDS = 600
LONG = " ".join(f"Word-{number}" for number in range(WORDS))
"""A minute of stream: it lasts until its control is pressed, also on a machine that is busy."""

SEE_TEN_GAPS_GO_BY = """async () => {
  const { client } = streaming();
  const until = performance.now() + 10 * 100;
  while (performance.now() < until) {
    await client.ping();
    await new Promise((resolve) => setTimeout(resolve, 10)); // at full speed they would exceed MAX_FRAME_RATE
  }
}"""


@pytest.fixture
def long_stream(visit: Visit) -> Visit:
    """A long text, a few words of which were received."""
    visit.write(LONG)
    visit.choose(content_type="text", speed="normal")
    visit.button("Stream it").click()
    visit.has_streamed(5)
    return visit


def test_a_pause_holds_back_chunks_until_a_resume(long_stream: Visit) -> None:
    visit = long_stream
    visit.button("Pause").click()
    expect(visit.state).to_contain_text("Paused after")
    paused_with = visit.text()
    visit.page.evaluate(SEE_TEN_GAPS_GO_BY)
    assert visit.text() == paused_with
    assert LONG.startswith(paused_with)
    visit.button("Resume").click()
    expect(visit.state).to_contain_text("Streaming")
    visit.button("Skip").click()
    visit.is_complete()
    assert visit.text() == LONG


def test_a_skip_streams_the_rest_at_once(long_stream: Visit) -> None:
    long_stream.button("Skip").click()
    long_stream.is_complete()
    assert long_stream.text() == LONG
    assert long_stream.page.evaluate("() => streaming().stream.received") < WORDS
    assert long_stream.page.locator("#progress").evaluate("bar => bar.value === bar.max")


def test_a_skip_ends_a_pause(long_stream: Visit) -> None:
    long_stream.button("Pause").click()
    expect(long_stream.state).to_contain_text("Paused after")
    long_stream.button("Skip").click()
    long_stream.is_complete()
    assert long_stream.text() == LONG


def test_skipped_html_is_the_same_document(visit: Visit) -> None:
    visit.choose(speed="slow")
    visit.button("Table").click()
    visit.has_streamed(9)
    visit.button("Skip").click()
    visit.is_complete()
    streamed = visit.content()
    html = stream_at_once(NAMED["Table"].content, ContentType.HTML)
    assert streamed == visit.set_at_once(html, whole_space=False)


def test_a_cancel_keeps_the_received_content(long_stream: Visit) -> None:
    long_stream.button("Cancel").click()
    expect(long_stream.state).to_contain_text("Cancelled after")
    assert LONG.startswith(long_stream.text())
    for name in ("Pause", "Skip", "Cancel"):
        expect(long_stream.button(name)).to_be_disabled()
    long_stream.button("Clear").click()
    assert long_stream.text() == ""


def test_keys_press_the_buttons(long_stream: Visit) -> None:
    keyboard, state = long_stream.page.keyboard, long_stream.state
    keyboard.press("Alt+KeyP")
    expect(state).to_contain_text("Paused after")
    keyboard.press("Alt+KeyP")
    expect(state).to_contain_text("Streaming")
    keyboard.press("Alt+KeyX")
    expect(state).to_contain_text("Cancelled after")
    keyboard.press("Alt+KeyA")
    long_stream.has_streamed(5)
    keyboard.press("Alt+KeyS")
    long_stream.is_complete()
    assert long_stream.text() == LONG
    keyboard.press("Alt+KeyL")
    assert long_stream.text() == ""


def test_another_sample_replaces_the_active_one(long_stream: Visit) -> None:
    long_stream.choose(content_type="")
    long_stream.button("Emoji").click()
    long_stream.is_complete()
    assert long_stream.text() == NAMED["Emoji"].content


def test_digits_press_the_samples_and_a_key_focuses_the_editor(visit: Visit) -> None:
    visit.page.keyboard.press("Alt+Digit1")
    visit.is_complete()
    assert visit.text() == NAMED["Plain Text"].content
    expect(visit.button("Plain Text")).to_have_attribute("aria-pressed", "true")
    visit.page.keyboard.press("Alt+KeyE")
    expect(visit.document).to_be_focused()

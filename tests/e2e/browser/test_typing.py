"""A user types while a stream arrives: neither text is lost."""

import pytest

from service.protocol.messages import HtmlMode
from tests.e2e.browser.samples import NAMED, stream_at_once
from tests.e2e.browser.visit import Visit

TYPED = "Typed during the stream: every word is kept. "


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("Complex HTML", HtmlMode.INCREMENTAL),
        ("MEGA Complex HTML", HtmlMode.INCREMENTAL),
        ("MEGA Complex HTML", HtmlMode.FRAGMENT),
    ],
)
def test_text_typed_at_the_beginning_is_kept_and_the_stream_is_complete(
    visit: Visit, name: str, mode: HtmlMode
) -> None:
    visit.choose(html_mode=mode, speed="slow")
    visit.button(name).click()
    visit.has_streamed(2)
    visit.put_cursor("start")
    visit.page.keyboard.type(TYPED, delay=10)
    assert visit.page.evaluate("() => streaming().stream.state") == "streaming"
    visit.has_streamed(4)
    visit.button("Skip").click()
    visit.is_complete()
    both = visit.content()
    sample = NAMED[name]
    at_once = visit.set_at_once(
        stream_at_once(sample.content, sample.content_type, mode), whole_space=mode is HtmlMode.FRAGMENT
    )
    first = both[0]["content"][0]
    assert first["text"].startswith(TYPED)
    first["text"] = first["text"].removeprefix(TYPED)
    assert both == at_once


def test_the_cursor_keeps_its_position(visit: Visit) -> None:
    visit.button("HTML").click()
    visit.has_streamed(30)
    visit.put_cursor(5)
    visit.has_streamed(60)
    assert visit.page.evaluate("() => editor.state.selection.from") == 5
    visit.is_complete()


def test_text_typed_into_streamed_text_is_kept(visit: Visit) -> None:
    visit.button("Plain Text").click()
    visit.has_streamed(5)
    visit.put_cursor("start")
    visit.page.keyboard.type(TYPED)
    visit.is_complete()
    assert visit.text() == TYPED + NAMED["Plain Text"].content


def test_an_undo_reverts_typed_text_and_no_streamed_content(visit: Visit) -> None:
    visit.button("Plain Text").click()
    visit.has_streamed(5)
    visit.put_cursor("start")
    visit.page.keyboard.type("mistake")
    visit.is_complete()
    visit.page.keyboard.press("Control+z")
    assert visit.text() == NAMED["Plain Text"].content

"""People write while a stream arrives: neither loses anything."""

import pytest

from service.protocol.messages import HtmlMode
from tests.e2e.browser.samples import NAMED, prepared
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
def test_what_is_typed_at_the_beginning_stays_and_the_stream_is_whole(visit: Visit, name: str, mode: HtmlMode) -> None:
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
        prepared(sample.content, sample.content_type, mode), whole_space=mode is HtmlMode.FRAGMENT
    )
    first = both[0]["content"][0]
    assert first["text"].startswith(TYPED)
    first["text"] = first["text"].removeprefix(TYPED)
    assert both == at_once


def test_the_cursor_stays_where_it_was_put(visit: Visit) -> None:
    visit.button("HTML").click()
    visit.has_streamed(30)
    visit.put_cursor(5)
    visit.has_streamed(60)
    assert visit.page.evaluate("() => editor.state.selection.from") == 5
    visit.is_complete()


def test_what_is_typed_into_a_text_stays(visit: Visit) -> None:
    visit.button("Plain Text").click()
    visit.has_streamed(5)
    visit.put_cursor("start")
    visit.page.keyboard.type(TYPED)
    visit.is_complete()
    assert visit.text() == TYPED + NAMED["Plain Text"].content


def test_an_undo_takes_back_what_was_typed_and_nothing_that_streamed(visit: Visit) -> None:
    visit.button("Plain Text").click()
    visit.has_streamed(5)
    visit.put_cursor("start")
    visit.page.keyboard.type("mistake")
    visit.is_complete()
    visit.page.keyboard.press("Control+z")
    assert visit.text() == NAMED["Plain Text"].content

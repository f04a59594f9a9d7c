"""What a button or a key replaced comes back, and no shortcut acts while a text is typed."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.browser.samples import NAMED
from tests.e2e.browser.visit import Visit

MINE = "What I am writing."


@pytest.fixture
def written(visit: Visit) -> Visit:
    """A page into which a text was typed."""
    visit.document.click()
    visit.page.keyboard.type(MINE)
    return visit


def test_a_sample_replaces_what_was_written_and_undo_brings_it_back(written: Visit) -> None:
    written.button("Plain Text").click()
    written.is_complete()
    assert written.text() == NAMED["Plain Text"].content
    written.button("Undo").click()
    assert written.text() == MINE
    written.button("Redo").click()
    assert written.text() == NAMED["Plain Text"].content


def test_the_keys_of_undo_bring_it_back_and_go_on_with_what_was_typed(written: Visit) -> None:
    written.button("Plain Text").click()
    written.is_complete()
    written.put_cursor("end")
    written.page.keyboard.type("!")
    keyboard = written.page.keyboard
    keyboard.press("Control+z")  # what was typed last
    assert written.text() == NAMED["Plain Text"].content
    keyboard.press("Control+z")  # the sample
    assert written.text() == MINE
    keyboard.press("Control+z")  # what was typed first
    assert written.text() == ""
    keyboard.press("Control+Shift+z")
    assert written.text() == MINE
    keyboard.press("Control+Shift+z")
    assert written.text() == NAMED["Plain Text"].content


def test_a_clear_by_its_key_can_be_undone(written: Visit) -> None:
    written.button("Theme: system").focus()
    written.page.keyboard.press("Alt+KeyL")
    assert written.text() == ""
    written.page.keyboard.press("Control+z")
    assert written.text() == MINE


def test_an_undo_in_mid_stream_ends_the_stream_and_a_redo_shows_what_had_arrived(written: Visit) -> None:
    written.choose(speed="slow")
    written.button("Plain Text").click()
    written.has_streamed(3)
    written.button("Undo").click()
    assert written.text() == MINE
    expect(written.state).to_contain_text("Cancelled")
    assert written.text() == MINE
    written.button("Redo").click()
    arrived = written.text()
    assert arrived
    assert NAMED["Plain Text"].content.startswith(arrived)


def test_an_undo_in_the_document_never_ends_a_stream(visit: Visit) -> None:
    visit.button("HTML").click()
    visit.is_complete()
    visit.choose(speed="slow")
    visit.button("Plain Text").click()
    visit.has_streamed(2)
    visit.put_cursor("start")
    visit.page.keyboard.press("Control+z")
    visit.button("Skip").click()
    visit.is_complete()
    assert visit.text() == NAMED["Plain Text"].content


def test_alt_with_a_key_in_the_document_does_nothing_but_type(written: Visit) -> None:
    """On a Mac it types a character, as AltGr does elsewhere."""
    for code in ("KeyL", "KeyX", "KeyA", "KeyS", "KeyP", "KeyE", "Digit1", "Digit9"):
        written.page.keyboard.press(f"Alt+{code}")
        assert written.text().startswith(MINE), code
        expect(written.document).to_be_focused()
    assert written.page.evaluate("() => streaming().stream") is None


def test_alt_with_a_key_does_nothing_in_the_fields(written: Visit) -> None:
    written.write("some text")
    written.page.keyboard.press("Alt+KeyL")
    written.page.get_by_label("Token").focus()
    written.page.keyboard.press("Alt+KeyL")
    assert written.text() == MINE


def test_undo_in_a_field_is_that_of_the_field(written: Visit) -> None:
    written.button("Clear").click()
    written.write("some text")
    field = written.page.get_by_label("Text, HTML or Markdown")
    field.press("End")
    field.press_sequentially("!")
    written.page.keyboard.press("Control+z")
    assert field.input_value() != "some text!"
    assert written.text() == ""


def test_a_file_that_replaces_a_text_can_be_undone(visit: Visit, tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    path.write_text("# Notes")
    visit.write("")
    field = visit.page.get_by_label("Text, HTML or Markdown")
    field.press_sequentially(MINE)
    visit.page.locator("#own-file").set_input_files(path)
    expect(field).to_have_value("# Notes")
    field.press("Control+z")
    expect(field).to_have_value(MINE)


def test_escape_leaves_the_document_for_the_buttons(written: Visit) -> None:
    written.page.keyboard.press("Escape")
    expect(written.button("Cut the line")).to_be_focused()


def test_cleared_messages_come_back(visit: Visit) -> None:
    rows = visit.page.locator("#log > li")
    expect(visit.page.locator("#connection")).to_contain_text("round trip")
    before = rows.all_inner_texts()
    assert before
    visit.button("Clear the messages").click()
    expect(rows).to_have_count(0)
    visit.button("Undo: bring back the messages").click()
    assert rows.all_inner_texts() == before

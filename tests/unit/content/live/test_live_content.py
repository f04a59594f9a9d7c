"""Readers of a document that grows: whatever they take and when, they have the document."""

import weakref
from collections.abc import Sequence
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from service.content.html.sanitise import is_stable
from service.content.live import view
from service.content.live.document import Change
from service.content.live.growing_text import utf16_length
from service.content.live.live_content import LiveContent
from service.content.rules import DEFAULT_RULES
from service.protocol.messages import ChunkBy, HtmlMode
from tests.unit.content.live.histories import History, Reader, histories_of_html, histories_of_text, is_well_formed

WORD, SENTENCE, PARAGRAPH, CHARACTER = ChunkBy.WORD, ChunkBy.SENTENCE, ChunkBy.PARAGRAPH, ChunkBy.CHARACTER
FRAGMENT, INCREMENTAL = HtmlMode.FRAGMENT, HtmlMode.INCREMENTAL

chunk_bys = st.sampled_from(ChunkBy)
limits = st.sampled_from([5, 40, 1000])
mosts = st.sampled_from([1, 7, 64, 1000])


def content_of(limit: int = 1000, *, is_text: bool = False) -> LiveContent:
    return LiveContent(is_text=is_text, max_chunk_characters=limit)


def reader_of(content: LiveContent, html_mode: HtmlMode, chunk_by: ChunkBy, kept: str = "") -> Reader:
    cursor = content.cursor(html_mode, chunk_by, utf16_length(kept))
    assert cursor is not None
    return Reader(cursor, kept)


def read(
    history: History, html_mode: HtmlMode, chunk_by: ChunkBy, limit: int, data: st.DataObject, *, is_text: bool
) -> Reader:
    """Let a reader come and take at any time; return it at the end."""
    content = content_of(limit, is_text=is_text)
    reader = None
    trimmed = data.draw(st.sampled_from([1, 1024]))
    shown = ""
    comes_at = data.draw(st.integers(0, len(history.changes)))
    for number, change in enumerate([*history.changes, None]):
        if number == comes_at:
            reader = reader_of(
                content,
                html_mode,
                chunk_by,
                data.draw(st.sampled_from(["", shown[: content_settled(history, number)]])),
            )
        if change is None:
            content.finish()
        else:
            with patch.object(view, "_MIN_TRIMMED", trimmed):
                content.apply(change)
            shown = shown[: change.start] + change.text
        while reader and data.draw(st.booleans()):
            if (piece := reader.take(data.draw(mosts), whole=data.draw(st.booleans()))) is None:
                break
            assert shown.startswith(reader.kept)
            assert history.whole.startswith(reader.settled)
            if html_mode is INCREMENTAL and not is_text:
                assert piece.close is not UNSET
                assert is_well_formed(reader.shown)
    assert reader is not None
    while reader.take(data.draw(mosts)):
        pass
    assert reader.cursor.ended
    assert reader.cursor.ready == reader.cursor.waiting == 0
    assert reader.kept == reader.shown == history.whole
    return reader


def content_settled(history: History, number: int) -> int:
    return history.changes[number - 1].settled if number else 0


@given(histories_of_html(), chunk_bys, limits, st.data())
def test_a_reader_of_html_in_incremental_mode_has_the_document(
    history: History, chunk_by: ChunkBy, limit: int, data: st.DataObject
) -> None:
    read(history, INCREMENTAL, chunk_by, limit, data, is_text=False)


@given(histories_of_html(), chunk_bys, limits, st.data())
def test_a_reader_of_html_in_fragment_mode_has_the_document_and_replaces_nothing(
    history: History, chunk_by: ChunkBy, limit: int, data: st.DataObject
) -> None:
    reader = read(history, FRAGMENT, chunk_by, limit, data, is_text=False)
    for piece in reader.pieces:
        assert piece.start is piece.close is UNSET
        assert is_stable(piece.data, DEFAULT_RULES.policy)


@given(histories_of_text(), chunk_bys, limits, st.data())
def test_a_reader_of_text_has_the_document_and_replaces_nothing(
    history: History, chunk_by: ChunkBy, limit: int, data: st.DataObject
) -> None:
    reader = read(history, FRAGMENT, chunk_by, limit, data, is_text=True)
    assert all(piece.start is piece.close is UNSET for piece in reader.pieces)


def grown(texts: Sequence[str], html_mode: HtmlMode, chunk_by: ChunkBy, *, is_text: bool = False) -> list[str]:
    """Return the data that a reader takes from a document to which ``texts`` are appended."""
    content = content_of(is_text=is_text)
    reader = reader_of(content, html_mode, chunk_by)
    length = 0
    for text in texts:
        content.apply(Change(length, text, length * is_text))
        length += len(text)
        while reader.take(1):
            pass
    content.apply(Change(length, "", length))
    content.finish()
    while reader.take(1):
        pass
    return [piece.data for piece in reader.pieces]


@pytest.mark.parametrize(
    ("texts", "chunk_by", "pieces"),
    [
        (["<p>o", "ne t", "wo ", "", "three</p>"], WORD, ["<p>one ", "two ", "three</p>"]),
        (["<p>one", " <b>", "two", "</b> ", "x</p>"], WORD, ["<p>one ", "<b>two</b> ", "x</p>"]),
        (["<p>A", "b. ", "So", " so.", "</p>", "<p>", "A", "</p>"], SENTENCE, ["<p>Ab. ", "So so.</p>", "<p>A</p>"]),
        (["<pre><code>", "a b", "\nc", "</code></pre>"], SENTENCE, ["<pre><code>a b\n", "c</code></pre>"]),
        (["<p>A", ". B</p>", "<p>", "", "c"], PARAGRAPH, ["<p>A. B</p>", "<p>c"]),
        (["<p>你好", "世界", "。今天</p>"], WORD, ["<p>你好", "世界。", "今天</p>"]),
        (["<p>ab</p>"], CHARACTER, ["<p>a", "b</p>"]),
        (["<p>a</p><p>b</p>"], WORD, ["<p>a</p>", "<p>b</p>"]),
    ],
)
def test_a_piece_is_a_segment(texts: list[str], chunk_by: ChunkBy, pieces: list[str]) -> None:
    assert grown(texts, INCREMENTAL, chunk_by) == pieces


@pytest.mark.parametrize("html_mode", HtmlMode)
def test_a_document_that_is_broken_off_ends_with_its_end_tags(html_mode: HtmlMode) -> None:
    content = content_of()
    reader = reader_of(content, html_mode, WORD)
    content.apply(Change(0, "<p>One</p><ul><li>two <b>three", 10))
    content.break_off()
    while reader.take(1000, whole=True) is not None:
        pass
    assert reader.kept == "<p>One</p><ul><li>two <b>three</b></li></ul>"
    assert reader.cursor.ended


@pytest.mark.parametrize("html_mode", HtmlMode)
def test_while_it_is_frozen_its_readers_have_what_was_there_before_and_nothing_to_take(html_mode: HtmlMode) -> None:
    content = content_of()
    content.apply(Change(0, "<p>One</p><p>two ", 10))
    reader = reader_of(content, html_mode, WORD)
    cursor = reader.cursor
    before = cursor.ready, cursor.waiting, cursor.ended
    content.freeze()
    content.apply(Change(10, "<p>2</p><p>three</p>", 30))
    content.finish()
    assert cursor.frozen
    assert (cursor.ready, cursor.waiting, cursor.ended) == before
    assert reader.take(1000, whole=True) is None
    content.thaw()
    assert not cursor.frozen
    while reader.take(1000, whole=True) is not None:
        pass
    assert reader.kept == "<p>One</p><p>2</p><p>three</p>"
    assert cursor.ended


def test_a_reader_that_leaves_while_it_is_frozen_is_forgotten_afterwards() -> None:
    content = content_of(is_text=True)
    gone = weakref.ref(reader_of(content, FRAGMENT, WORD).cursor)
    assert gone() is None
    reader = reader_of(content, FRAGMENT, WORD)
    gone = weakref.ref(reader.cursor)
    content.freeze()
    del reader
    assert gone() is not None, "the other thread may go through the readers"
    content.thaw()
    assert gone() is None


def test_the_work_of_a_change_is_what_a_view_reads_again() -> None:
    content = content_of()
    row = "<tr><td>1</td></tr>"
    content.apply(Change(0, "<p>One</p><table>", 17))
    assert content.work(Change(17, row, 17 + len(row))) == len(row), "no reader"
    reader = reader_of(content, FRAGMENT, WORD)
    for number in range(3):
        start = 17 + number * len(row)
        change = Change(start, row, start + len(row))
        assert content.work(change) == len(row) * (number + 1) + len("<p>One</p><table>"), "the block that is open"
        content.apply(change)
    assert reader.cursor.waiting == 0

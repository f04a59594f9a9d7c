"""Readers of a document that grows by tokens: each has what the batch result is, and all that it was shown was safe."""

from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec import UNSET

from service.content.html.markup import has_visible_content
from service.content.html.sanitise import is_stable
from service.content.live.html import HtmlDocument
from service.content.live.live_content import LiveContent
from service.content.rules import DEFAULT_RULES
from service.protocol.limits import Limits
from service.protocol.messages import ChunkBy, HtmlMode
from tests.unit.content.documents import documents, soups
from tests.unit.content.live.grown import parts
from tests.unit.content.live.histories import NO_LIMIT, Reader, is_well_formed, safe
from tests.unit.content.live.pages import pages

POLICY = DEFAULT_RULES.policy


@given(documents | soups | pages, st.sampled_from(HtmlMode), st.sampled_from(ChunkBy), st.data())
def test_a_reader_of_html_has_the_batch_result(
    source: str, html_mode: HtmlMode, chunk_by: ChunkBy, data: st.DataObject
) -> None:
    whole = safe(source)
    assume(has_visible_content(whole))
    assume(is_stable(whole, POLICY))
    document = HtmlDocument(DEFAULT_RULES, Limits(max_prepared_characters=NO_LIMIT))
    content = LiveContent(is_text=False, max_chunk_characters=data.draw(st.sampled_from([10, 1000])))
    cursor = content.cursor(html_mode, chunk_by, 0)
    assert cursor is not None
    reader = Reader(cursor, "")
    most = data.draw(st.sampled_from([1, 20, 1000]))
    takes_whole = data.draw(st.booleans())
    for part in [*parts(data, source), None]:
        content.apply(document.finish() if part is None else document.append(part))
        if part is None:
            content.finish()
        while (piece := reader.take(most, whole=takes_whole)) is not None:
            assert whole.startswith(reader.settled)
            if html_mode is HtmlMode.INCREMENTAL:
                assert is_well_formed(reader.shown)
                assert is_stable(reader.shown, POLICY)
            else:
                assert piece.start is UNSET
                assert is_stable(piece.data, POLICY)
    assert cursor.ended
    assert reader.kept == whole

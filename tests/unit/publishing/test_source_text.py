"""The source of a stream as characters."""

from hypothesis import given
from hypothesis import strategies as st

from service.publishing.source_text import SourceText


@given(st.text(), st.data())
def test_any_cut_with_repetitions_is_the_text(text: str, data: st.DataObject) -> None:
    source, found, decoded = text.encode(errors="replace"), "", SourceText()
    while decoded.length < len(source):
        start = data.draw(st.integers(0, decoded.length))
        end = data.draw(st.integers(decoded.length + 1, len(source)))
        added = decoded.add(start, source[start:end])
        assert added is not None
        found += added
    assert found == source.decode()


def test_a_gap_adds_nothing() -> None:
    source = SourceText()
    assert source.add(1, b"later") is None
    assert source.add(0, b"now") == "now"
    assert source.length == 3


def test_a_character_that_never_becomes_complete_is_not_shown() -> None:
    source = SourceText()
    assert source.add(0, b"a\xf0\x9f") == "a"
    assert source.length == 3

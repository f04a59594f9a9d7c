"""Chunks and close texts are sequences of strings that share their text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.content import Chunks, CloseTexts

strings = st.lists(st.text("aé👩", max_size=4), max_size=9)


@given(strings, st.data())
@pytest.mark.parametrize("sequence", [Chunks, CloseTexts])
def test_they_are_the_sequence_that_they_were_made_of(
    sequence: type[Chunks | CloseTexts], parts: list[str], data: st.DataObject
) -> None:
    made = sequence.of(parts)
    assert made == parts
    assert parts == made
    assert made == sequence.of(parts)
    assert made != [*parts, "b"]
    assert made != "".join(parts)
    assert [*made] == [*map(made.__getitem__, range(len(parts)))] == parts
    place = data.draw(st.slices(len(parts)))
    assert made[place] == parts[place]
    for outside in (len(parts), -len(parts) - 1):
        with pytest.raises(IndexError):
            made[outside]


def test_chunks_are_a_text_with_offsets() -> None:
    chunks = Chunks("one two", [4, 7])
    assert [*chunks] == ["one ", "two"]
    assert (chunks.text, [*chunks.bounds], [*chunks.lengths]) == ("one two", [0, 4, 7], [4, 3])


def test_equal_close_texts_and_equal_ends_of_them_are_stored_once() -> None:
    closes = CloseTexts.of(["</p>", "", "</p>"])
    assert (closes.tags, [*closes.indices]) == (["", "</p>"], [1, 0, 1])
    closes = CloseTexts(["", "</ul>", "</li>", "</b>"], [0, 0, 1, 2], [3, 0, 2])
    assert [*closes] == ["</b></li></ul>", "", "</li></ul>"]

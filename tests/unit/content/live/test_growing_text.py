"""A text in pieces is as one string, in both units."""

from hypothesis import given
from hypothesis import strategies as st

from service.content.live.growing_text import GrowingText, utf16_length

texts = st.text(st.sampled_from("a\u00e9\u4e00😀")) | st.just("x" * 5000) | st.just("😀a" * 3000)


@given(st.lists(st.tuples(st.floats(0, 1), texts), max_size=12), st.data())
def test_a_growing_text_is_as_a_string(steps: list[tuple[float, str]], data: st.DataObject) -> None:
    growing, whole = GrowingText(), ""
    for fraction, text in steps:
        start = round(len(whole) * fraction) if data.draw(st.booleans()) else len(whole)
        growing.replace(start, text)
        whole = whole[:start] + text
    assert growing.length == len(whole)
    start, end = sorted([data.draw(st.integers(0, len(whole))) for _ in range(2)])
    assert growing.slice(start, end) == whole[start:end]
    assert growing.units(end) == utf16_length(whole[:end])
    assert growing.place(growing.units(end)) == end


def test_an_offset_inside_of_a_character_is_the_one_before_it() -> None:
    growing = GrowingText()
    growing.replace(0, "a😀b")
    assert [growing.place(units) for units in range(5)] == [0, 1, 1, 2, 3]

"""UTF-8 that is cut anywhere is UTF-8; what is not is found where it begins to be wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.live.utf8 import LONGEST_REST, BrokenText, continued, rest_of

TEXTS = st.text(st.characters(codec="utf-8"), max_size=20) | st.sampled_from(
    ["a😀", "é€😀", "\0\x7f\x80\u07ff\u0800\uffff\U00010000"]
)


@given(TEXTS, st.data())
def test_text_that_is_cut_anywhere_goes_on(text: str, data: st.DataObject) -> None:
    source = text.encode()
    cut = data.draw(st.integers(0, len(source)))
    rest = continued(b"", source[:cut])
    assert source[:cut].removesuffix(rest).decode() + (rest + source[cut:]).decode() == text
    assert rest_of(source[max(0, cut - LONGEST_REST) : cut]) == rest
    assert continued(rest, source[cut:], ends=True) == b""


@given(st.binary(max_size=12), st.binary(max_size=12))
def test_what_is_accepted_is_the_beginning_of_some_text(first: bytes, second: bytes) -> None:
    try:
        rest = continued(continued(b"", first), second)
    except BrokenText:
        with pytest.raises(UnicodeDecodeError):
            (first + second + b"\x80\x80\x80").decode()  # no end makes it right
        return
    whole = first + second
    assert whole.removesuffix(rest).decode().encode() + rest == whole
    assert len(rest) <= LONGEST_REST
    if rest:
        with pytest.raises(BrokenText) as refusal:
            continued(b"", whole, ends=True)
        assert refusal.value.position == len(whole) - len(rest)


@pytest.mark.parametrize(
    ("rest", "data", "position"),
    [
        (b"", b"ab\xff", 2),
        (b"", b"\x80", 0),
        (b"\xe2\x82", b"a", -2),
        (b"", b"\xc0\x80", 0),
        (b"", b"\xed\xa0\x80", 0),
        (b"\xf4", b"\x90", -1),
    ],
)
def test_the_position_is_that_of_the_first_wrong_byte(rest: bytes, data: bytes, position: int) -> None:
    with pytest.raises(BrokenText) as refusal:
        continued(rest, data)
    assert refusal.value.position == position

"""Text in every script: characters of a few blocks of Unicode, with what joins and what separates them."""

from hypothesis import strategies as st

from tests.unit.content.documents import ODDITIES, SCRIPTS

_BLOCKS = (
    (0x20, 0x24F),  # Latin
    (0x370, 0x52F),  # Greek, Cyrillic
    (0x590, 0x8FF),  # Hebrew, Arabic, Syriac and their neighbours
    (0x900, 0xDFF),  # Indic
    (0xE00, 0xFFF),  # Thai, Lao, Tibetan
    (0x1000, 0x109F),  # Myanmar
    (0x1100, 0x11FF),  # Hangul jamo
    (0x1780, 0x17FF),  # Khmer
    (0x1980, 0x1AAF),  # New Tai Lue, Tai Tham
    (0x1B00, 0x1CFF),  # Balinese, Sundanese, Lepcha, Vedic marks
    (0x2000, 0x206F),  # punctuation
    (0x20D0, 0x20FF),  # marks for symbols
    (0x3000, 0x30FF),  # kana
    (0x4E00, 0x4EFF),  # Han
    (0xA8E0, 0xA9FF),  # Devanagari, Javanese, Myanmar
    (0xAA60, 0xABFF),  # Myanmar, Meetei Mayek
    (0xAC00, 0xAC80),  # Hangul
    (0xFE00, 0xFEFF),  # variation selectors, half marks, forms of Arabic
    (0xFF00, 0xFFEF),  # wide and narrow forms
    (0x11000, 0x1145F),  # Brahmi and its neighbours
    (0x1F1E6, 0x1F1FF),  # halves of flags
    (0x1F300, 0x1F6FF),  # emoji
    (0x1F900, 0x1FAFF),
    (0xE0020, 0xE007F),  # tags
)
_JOINERS = "\u200d\u200c\ufe0f\u20e3\u0301\u094d\u1039\u103a\u17d2\u1b44\U0001f3fb"
_characters = st.one_of([st.characters(min_codepoint=first, max_codepoint=last) for first, last in _BLOCKS])


def _in_block(block: tuple[int, int]) -> st.SearchStrategy[str]:
    letters = st.characters(min_codepoint=block[0], max_codepoint=block[1])
    return st.text(letters | st.sampled_from(_JOINERS) | st.sampled_from(" \n.?"), max_size=12)


scripts = st.lists(
    st.one_of(
        st.sampled_from(_BLOCKS).flatmap(_in_block),
        _characters,
        st.sampled_from(_JOINERS),
        st.sampled_from((*SCRIPTS, *ODDITIES)),
        st.sampled_from(["1\ufe0f\u20e3", "ကမ္ဘာ့", "क्षत्रिय", "\u1100\u1161\u11a8", "🏴\U000e0067\U000e007f"]),
    ),
    min_size=1,
    max_size=12,
).map("".join)
"""Of any length, white space alone included."""

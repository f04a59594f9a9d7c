# ruff: noqa: RUF001 - the texts contain many scripts
"""Words: between white space, by dictionary in scripts without spaces, and whole in all."""

import pytest

from service.content.chunking.words import word_count, words
from tests.unit.content.pieces import pieces


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("one two", ["one ", "two"]),
        ("  tab\tline\r\n\r\nend ", ["  tab\t", "line\r\n\r\n", "end "]),
        (
            "don't re-enter foo_bar, 3.5 https://a.b/c?d",
            ["don't ", "re-enter ", "foo_bar, ", "3.5 ", "https://a.b/c?d"],
        ),
        ("naïve Äpfel", ["naïve ", "Äpfel"]),
        ("你好，世界！", ["你好，", "世界！"]),
        ("我用Python学习。", ["我", "用", "Python", "学习。"]),
        ("说“你好”（大声）。", ["说", "“你好”", "（大声）。"]),
        ("日本語の文章、カタカナ", ["日本語", "の", "文章、", "カタカナ"]),
        ("ภาษาไทย ไม่เว้นวรรค", ["ภาษา", "ไทย ", "ไม่", "เว้น", "วรรค"]),
        ("ພາສາລາວ", ["ພາສາ", "ລາວ"]),
        ("ភាសាខ្មែរមិន", ["ភាសាខ្មែរ", "មិន"]),
        ("မြန်မာနိုင်ငံသည်", ["မြန်မာနိုင်ငံ", "သည်"]),
        ("  你好 ", ["  你好 "]),
        (" \n", [" \n"]),
        ("", []),
        ("키스의 고유", ["키스의 ", "고유"]),
        ("👨‍👩‍👧 👍🏽", ["👨‍👩‍👧 ", "👍🏽"]),
        ("a \u0301b", ["a \u0301b"]),
        ("\u0600你好", ["\u0600你好"]),
    ],
)
def test_words_end_at_spaces_or_by_dictionary(text: str, expected: list[str]) -> None:
    assert pieces(text, words(text)) == expected


@pytest.mark.parametrize(
    "word",
    [
        "ကမ္ဘာ့",
        "ကမ္ဘာ",
        "ဗုဒ္ဓ",
        "အင်္ဂလိပ်",
        "ပုဂ္ဂိုလ်",
        "ယောက်ျား",
        "သမ္မတ",
        "မန္တလေး",
        "ဘဏ္ဍာရေး",
        "စက္ကူ",
        "ကျွန်တော်",
        "ខ្ញុំ",
        "ស្រឡាញ់",
        "ពិភពលោក",
        "สวัสดี",
        "น้ำ",
        "ນ້ຳ",
        "統一",
        "カタカナ",
        "カ\u3099",
        "क्षत्रिय",
        "한국어",
    ],
)
def test_a_word_is_one_alone_and_between_others(word: str) -> None:
    assert pieces(word, words(word)) == [word]
    text = f"a {word} b"
    assert pieces(text, words(text)) == ["a ", f"{word} ", "b"]


@pytest.mark.parametrize(("text", "count"), [("", 0), (" \n", 0), (" a  b\n", 2), ("ä b", 2), ("你好，世界！", 2)])
def test_words_are_counted_without_white_space(text: str, count: int) -> None:
    assert word_count(text) == count

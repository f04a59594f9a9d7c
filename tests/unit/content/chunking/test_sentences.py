# ruff: noqa: RUF001 - the texts contain many scripts
"""Sentences: with their quotation marks and brackets, and no address, code or name divided."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.content.chunking.sentences import sentences
from tests.unit.content.pieces import pieces


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four", ["One. ", "Two! ", "Three? ", "Four"]),
        ("Dr. Smith vs. Mr. J. R. R. Tolkien. End.", ["Dr. Smith vs. Mr. J. R. R. Tolkien. ", "End."]),
        ("The U.S. Army (e.g. Monday). Fig. 3 is 3.5 wide.", ["The U.S. Army (e.g. Monday). ", "Fig. 3 is 3.5 wide."]),
        ("1. First. 2. Second.", ["1. First. ", "2. Second."]),
        ("It is etc. and more. Done.", ["It is etc. and more. ", "Done."]),
        ("“Why?” “So.” (Yes.) Really?!", ["“Why?” ", "“So.” ", "(Yes.) ", "Really?!"]),
        ("One.\n\n\nTwo.", ["One.\n\n\n", "Two."]),
        ("\n One.", ["\n One."]),
        ("你好。世界！", ["你好。", "世界！"]),
        ("हाँ। नहीं।", ["हाँ। ", "नहीं।"]),
        ("One. \u0e33 Two.", ["One. \u0e33 Two."]),
    ],
)
def test_an_abbreviation_an_initial_or_a_list_number_does_not_end_a_sentence(text: str, expected: list[str]) -> None:
    assert pieces(text, sentences(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Chinese
        ("他走了。“你好。”她说。", ["他走了。", "“你好。”她说。"]),
        ("他走了。‘你好。’她说。", ["他走了。", "‘你好。’她说。"]),
        ('他走了。"你好。"她说。"再见。"', ["他走了。", '"你好。"她说。', '"再见。"']),
        ("他走了。'你好。'她说。", ["他走了。", "'你好。'她说。"]),
        ("“你好！”“再见！”他走了。", ["“你好！”", "“再见！”他走了。"]),
        ("“你好。我走了。”她说。", ["“你好。", "我走了。”她说。"]),
        ("他说：“她说‘好。’吗？”我笑了。", ["他说：“她说‘好。’吗？”我笑了。"]),
        ("走了。（真的。）她说。", ["走了。", "（真的。）", "她说。"]),
        ("走了。【注】好。〔一〕二。", ["走了。", "【注】好。", "〔一〕二。"]),
        ("《你好吗？》是书。《好》也是。", ["《你好吗？》是书。", "《好》也是。"]),
        ("真的吗？！好。", ["真的吗？！", "好。"]),
        ("等等……好。", ["等等……好。"]),
        ("你好!我是小明.今天好?是.", ["你好!", "我是小明.", "今天好?", "是."]),
        ("走了。“", ["走了。“"]),
        # Japanese, with a bracket as quotation mark
        ("彼は来た。「本当」と言った。", ["彼は来た。", "「本当」と言った。"]),
        ("「本当。」と言った。『え？』（笑）と。", ["「本当。」と言った。", "『え？』", "（笑）と。"]),
        ("｢はい｡｣と｡｢いいえ｡｣", ["｢はい｡｣と｡", "｢いいえ｡｣"]),
        # Korean, Arabic, Hebrew, Hindi, Thai, Khmer, Greek
        ("그는 갔다. “안녕.” 그녀가 말했다.", ["그는 갔다. ", "“안녕.” ", "그녀가 말했다."]),
        ("‘안녕.’이라고 했다. 끝.", ["‘안녕.’이라고 했다. ", "끝."]),
        ("ذهب. «مرحبا.» قالت؟ نعم.", ["ذهب. ", "«مرحبا.» ", "قالت؟ ", "نعم."]),
        ("הוא הלך. „שלום.” אמרה.", ["הוא הלך. ", "„שלום.” ", "אמרה."]),
        ("वह गया। “नमस्ते।” उसने कहा।", ["वह गया। ", "“नमस्ते।” ", "उसने कहा।"]),
        ("เขาไป “สวัสดี” เธอพูด", ["เขาไป “สวัสดี” เธอพูด"]),
        ("គាត់ទៅ។ «សួស្តី។» នាង។", ["គាត់ទៅ។ ", "«សួស្តី។» ", "នាង។"]),
        ("Πήγε. «Γεια.» Είπε.", ["Πήγε. ", "«Γεια.» ", "Είπε."]),
        # German in both ways, French with spaces, Polish, Swedish, nested
        ("Er ging. „Hallo.“ Sie kam.", ["Er ging. ", "„Hallo.“ ", "Sie kam."]),
        ("Er ging. »Hallo.« Sie kam. »Ja!«", ["Er ging. ", "»Hallo.« ", "Sie kam. ", "»Ja!«"]),
        ("Il part. « Bonjour. » Elle sort.", ["Il part. ", "« Bonjour. » ", "Elle sort."]),
        ("Il part.« Bonjour ! » Elle.", ["Il part.", "« Bonjour ! » ", "Elle."]),
        ("Poszedł. „Cześć.” Ona.", ["Poszedł. ", "„Cześć.” ", "Ona."]),
        ("Han gick. ”Hej.” Hon kom.", ["Han gick. ", "”Hej.” ", "Hon kom."]),
        ("He left. “She cried ‘No.’” Then I.", ["He left. ", "“She cried ‘No.’” ", "Then I."]),
        ("He left.“Hello.” She", ["He left.", "“Hello.” ", "She"]),
        ("„Ja.\n\n“Yes.” He", ["„Ja.\n\n", "“Yes.” ", "He"]),
        ("(He left.) (She too.) [All.] So", ["(He left.) ", "(She too.) ", "[All.] ", "So"]),
    ],
)
def test_a_sentence_has_its_quotation_marks_and_brackets(text: str, expected: list[str]) -> None:
    assert pieces(text, sentences(text)) == expected


@pytest.mark.parametrize(
    "whole",
    [
        "https://example.com/search?q=x&lang=en",
        "https://example.com/a!b?c=d.E#f",
        "http://例え.jp/文?問=答",
        "//cdn.example.com/a?B",
        "www.example.com/?Q=1",
        "ftp://a.b/c.D",
        "mailto:A.B@c.De?Subject=Hi",
        "First.Last@Example.Com",
        "v1.2.3",
        "1.2.3-RC.1+Build.5",
        "file.Name.EXT",
        "报告.PDF",
        "foo.bar?x=1!y",
        "`a.b()`",
        "`A? B. C`",
        "Foo.Bar().Baz?.(1)!.X",
        'println!("A")',
        "a?B:C",
        ".NET",
        "!important",
        "...And",
        "3.14",
        "$5.Q",
        "No. 5",
        "p. 7",
        "Art. 3",
    ],
)
def test_addresses_code_and_names_are_not_divided(whole: str) -> None:
    text = f"See {whole} now. Then {whole}. End"
    assert pieces(text, sentences(text)) == [f"See {whole} now. ", f"Then {whole}. ", "End"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("看 https://a.b/c。谢谢", ["看 https://a.b/c。", "谢谢"]),
        ("看“https://a.b/c”。谢谢", ["看“https://a.b/c”。", "谢谢"]),
        ("Is it https://a.b/c? Yes", ["Is it https://a.b/c? ", "Yes"]),
        ("Use `a`. Then `b`", ["Use `a`. ", "Then `b`"]),
        ("So `He? No' and `She? No'.", ["So `He? ", "No' and `She? ", "No'."]),
        ("Really?! Yes!! Well… No. Wait... So", ["Really?! ", "Yes!! ", "Well… No. ", "Wait... ", "So"]),
        ("Is it so?… Then", ["Is it so?… ", "Then"]),
        ("It is so. )\nThen", ["It is so. )\n", "Then"]),
        ("It is so. )\n \u2029 Then", ["It is so. )\n \u2029 ", "Then"]),
        ("I have no. Five", ["I have no. ", "Five"]),
    ],
)
def test_an_address_or_code_ends_before_the_end_of_its_sentence(text: str, expected: list[str]) -> None:
    assert pieces(text, sentences(text)) == expected


_WORDS = ("a", "B", "1", "Dr.", "J.", "No. ", "1. ", "好", "は", "ا", "\u0301", " ", "  ", "\n", "\n\n", "://")
_MARKS = ".!?。？…`\"'()[]（）「」『』“”‘’„‚«»‹›《》"
_parts = st.sampled_from((*_WORDS, *_MARKS))


@given(st.lists(_parts, max_size=30).map("".join))
def test_sentences_are_the_text_whatever_marks_it_has(text: str) -> None:
    found = pieces(text, sentences(text))
    assert "".join(found) == text
    assert all(found)
    assert not any(map(str.isspace, found)) or len(found) == 1

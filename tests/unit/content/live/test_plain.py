import pytest

from service.content.live.plain import is_plain, is_plain_end, may_be_followed


@pytest.mark.parametrize("text", ["word", " word, and more.", "(it's 5) "[:5], "你好。", "Привет "])
def test_words_are_plain(text: str) -> None:
    assert is_plain(text)


@pytest.mark.parametrize("text", ["a*", "a\n", "a  b", "[", "`", "a_b", "e\u0301", "a:", "<", "&", "x@y"])
def test_what_has_a_meaning_is_not_plain(text: str) -> None:
    assert not is_plain(text)


@pytest.mark.parametrize("source", ["Some text", "- an item", "# A title", "1. **bold text", "| a | b", "a\nb"])
def test_text_after_the_beginning_of_a_line_is_only_appended(source: str) -> None:
    assert may_be_followed(source)


@pytest.mark.parametrize("source", ["", "a\n", "- ", "1", "a **b**", "a <b", "see http", "a www.b", "a &am"])
def test_other_text_may_change_what_is_before_it(source: str) -> None:
    assert not may_be_followed(source)


def test_a_word_that_may_be_an_address_is_no_plain_end() -> None:
    assert is_plain_end("a b")
    assert not is_plain_end("a https")

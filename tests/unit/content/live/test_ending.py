import pytest

from service.content.live.ending import ending


@pytest.mark.parametrize(
    ("source", "text", "held"),
    [
        ("a", "a", 0),
        ("a ", "a", 0),
        ("**a", "**a**", 0),
        ("**a*", "**a**", 1),
        ("**a *b", "**a *b***", 0),
        ("a_b_c", "a_b_c", 0),
        ("a `b", "a `b`", 0),
        ("a [b", "a", 2),
        ("a [b](/c", "a", 6),
        ("a [b](/c)", "a [b](/c)", 0),
        ("a ![b](/c", "a", 7),
        ("a $5", "a $5", 0),
        ("a $x", "a", 2),
        ("a <b", "a", 2),
        ("a < b", "a < b", 0),
        ("a &am", "a", 3),
        ("a http", "a", 4),
        ("a\n-", "a\n", 1),
        ("a\n1", "a\n", 1),
        ("a\n``", "a\n", 2),
        ("```\na\n``", "```\na\n", 2),
        ("# ", "", 2),
        ("# a", "# a", 0),
        ("- [ ", "", 4),
        ("| a | b", "", 7),
        ("| a | b |\n|-", "| a | b |\n|---|---|", 2),
        ("| a |\n|---|\n| **b", "| a |\n|---|\n| **b**", 0),
    ],
)
def test_what_is_undecided_is_held_back_and_what_is_open_is_closed(source: str, text: str, held: int) -> None:
    found = ending(source)
    assert (found.text.rstrip(" "), found.held) == (text.rstrip(" "), held)


def test_the_text_of_a_long_link_is_shown_before_its_address_is_complete() -> None:
    found = ending("See [the documentation of it](https://example.com/a/very/long/address/that/has/no/end/yet")
    assert found == ("See the documentation of it", 0, False)


def test_what_is_revealed_is_shown_without_its_markup() -> None:
    assert ending("a [b", revealed=4).text == "a b"
    assert ending("a [b](/c", revealed=8).text == "a b"
    assert ending("AT&T", revealed=4).text == "AT&T"

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from service.content.live.text import TextDocument
from tests.unit.content.documents import texts
from tests.unit.content.live.growth import Growth, tokens


def new() -> Growth:
    return Growth(TextDocument())


@given(texts, st.randoms())
def test_text_is_as_it_was_written(source: str, random: Random) -> None:
    growth = new()
    for token in tokens(source, random):
        growth.append(token)
        if random.random() < 0.2:
            growth.reveal()
    assert growth.finish() == (source if source.strip() else "")


@given(texts, st.randoms())
def test_what_is_settled_depends_on_the_text_alone(source: str, random: Random) -> None:
    one, other = new(), new()
    one.run(source)
    other.run(tokens(source, random))
    for length, settled in other.settled_at.items():
        assert one.settled_at[length] == settled


def test_a_grapheme_that_is_not_complete_waits() -> None:
    growth = new()
    growth.append("a👨\u200d")
    assert growth.shown == "a"
    growth.append("👩 b")
    assert growth.shown == "a👨\u200d👩 b"
    growth.append("\r")
    assert growth.shown == "a👨\u200d👩 b"
    growth.append("\n")
    assert growth.shown == "a👨\u200d👩 b\r\n"


def test_what_waits_is_revealed() -> None:
    growth = new()
    growth.append("ok 👍")
    assert growth.shown == "ok "
    growth.reveal()
    assert growth.shown == "ok 👍"
    growth.append("🏽")
    assert growth.shown == "ok 👍🏽"

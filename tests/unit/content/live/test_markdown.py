from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.content.live.markdown import MarkdownDocument
from service.content.rules import DEFAULT_RULES
from service.protocol.errors import EmptyContent, PreparedTooLarge
from service.protocol.limits import Limits
from tests.profiles import scaled
from tests.unit.content.live.growth import LIMITS, Growth, assert_is_safe, markdown_result, tokens
from tests.unit.content.live.markdown_sources import (
    ANSWERS,
    attacks,
    constructs,
    examples,
    real_documents,
    sources,
)

MAX_REPLACED = 0.01
SHORT = 300
"""A shorter document is cut at every position."""


def new() -> Growth:
    return Growth(MarkdownDocument(DEFAULT_RULES, LIMITS))


def cuts(source: str, random: Random) -> list[str]:
    return list(source) if len(source) < SHORT else list(tokens(source, random))


def test_every_example_of_the_specifications_ends_as_it_is_converted_as_a_whole() -> None:
    for source in examples():
        assert new().run(source) == markdown_result(source)


@given(st.sampled_from(attacks()), st.randoms())
@scaled(2)
def test_an_attack_ends_as_it_is_converted_as_a_whole_and_is_safe_at_every_moment(source: str, random: Random) -> None:
    growth = new()
    for token in tokens(source, random):
        growth.append(token)
        assert_is_safe(growth.html())
    assert growth.finish() == markdown_result(source)


@given(sources, st.randoms())
@scaled(2)
def test_any_source_ends_as_it_is_converted_as_a_whole(source: str, random: Random) -> None:
    assert new().run(tokens(source, random)) == markdown_result(source)


@given(sources, st.randoms())
@scaled(2)
def test_every_state_is_safe(source: str, random: Random) -> None:
    growth = new()
    for token in tokens(source, random):
        growth.append(token)
        assert_is_safe(growth.html())
        if random.random() < 0.2:
            growth.reveal()
            assert_is_safe(growth.html())


@given(sources | constructs, st.randoms())
@scaled(2)
def test_what_is_settled_depends_on_the_source_alone(source: str, random: Random) -> None:
    one, other = new(), new()
    one.run(source)
    other.run(tokens(source, random))
    for length, settled in other.settled_at.items():
        assert one.settled_at[length] == settled
    length = random.randint(0, len(source))
    whole = new()
    whole.append(source[:length])
    assert one.settled_at.get(length, 0) == whole.settled


@given(sources, sources, st.randoms())
@scaled(2)
def test_what_is_settled_is_the_beginning_of_every_continuation(source: str, more: str, random: Random) -> None:
    growth = new()
    for token in tokens(source, random):
        growth.append(token)
    settled = growth.shown[: growth.settled]
    assert markdown_result(source + more).startswith(settled)


@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: path.name)
def test_a_real_answer_is_rarely_replaced(path: Path) -> None:
    source = path.read_text()
    growth = new()
    assert growth.run(tokens(source, Random(1))) == markdown_result(source)
    assert growth.replacements <= MAX_REPLACED * growth.changes


@given(st.integers(0, len(real_documents()) - 1), st.integers(0))
@scaled(0.12)
def test_a_real_document_ends_as_it_is_converted_as_a_whole(number: int, seed: int) -> None:
    source, random = real_documents()[number], Random(seed)
    assert new().run(tokens(source, random)) == markdown_result(source)


@given(sources | constructs, st.randoms())
@scaled(2)
def test_what_is_frozen_of_open_blocks_changes_nothing_else(source: str, random: Random) -> None:
    with pytest.MonkeyPatch.context() as patch:
        whole = new()
        whole.run(source)
        patch.setattr("service.content.live.open_blocks.MIN_CHARACTERS", 4)
        growth = new()
        for token in tokens(source, random):
            growth.append(token)
            assert_is_safe(growth.html())
        assert growth.finish() == markdown_result(source)
        for length, settled in growth.settled_at.items():
            assert whole.settled_at[length] == settled


def test_reasoning_is_not_shown() -> None:
    growth = new()
    for token in ["<th", "ink>", "secret ", "words\n\nmore", "</thi", "nk>\n\n", "The answer"]:
        growth.append(token)
        growth.reveal()
        assert "secret" not in growth.shown
        assert "th" not in growth.shown.lower().replace("the answer", "")
    assert growth.shown == "<p>The answer"


def test_a_heading_is_shown_while_it_is_written() -> None:
    growth = new()
    for token in ["# ", "Some ", "ti"]:
        growth.append(token)
    assert growth.shown == "<h1>Some ti"


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("a **bold te", "<p>a <strong>bold te"),
        ("a **bold** ", "<p>a <strong>bold"),
        ("a *", "<p>a"),
        ("see `co", "<p>see <code>co"),
        ("see [a li", "<p>see"),
        ("- a\n- b", "<ul><li>a</li><li>b"),
        ("- a\n-", "<ul><li>a"),
        ("```py\nx = 1", '<pre><code class="language-py">x = 1'),
        ("```py\nx = 1\n``", '<pre><code class="language-py">x = 1\n'),
        ("| a | b |\n|--", "<table><thead><tr><th>a</th><th>b"),
        ("| a | b |\n|---|---|\n| c", "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>c"),
        ("R&am", "<p>R"),
        ("x <spa", "<p>x"),
        ("at https://exam", "<p>at"),
        (r"so \(x + ", "<p>so"),
    ],
)
def test_what_is_certain_is_opened_and_what_is_not_is_held_back(source: str, shown: str) -> None:
    growth = new()
    growth.append(source)
    assert growth.shown == shown


def test_a_definition_makes_links_of_what_was_shown_as_text() -> None:
    growth = new()
    growth.append("See [this].\n\nMore.\n\n")
    assert growth.shown == "<p>See [this].</p><p>More.</p>"
    assert growth.settled == 0
    growth.append("[this]: /url\n\n")
    assert growth.shown == '<p>See <a href="/url">this</a>.</p><p>More.</p>'
    assert growth.settled == len(growth.shown)


@pytest.mark.parametrize(
    ("source", "settled"),
    [
        ("<details>\n<summary>s</summary>\n\n", ""),
        (
            "<details>\n<summary>s</summary>\n\ntext\n\n</details>\n\n",
            "<details><summary>s</summary><p>text</p></details>",
        ),
        ('<p align="center">\n', ""),
        ("a <div> b\n\n", ""),
        ("<a>\n\nb\n\n", ""),
        ("<!-- note -->\n\na\n\n", "<p>a</p>"),
        ("a <b>b\n\n", "<p>a <b>b</b></p>"),
        ("a[^1]\n\nb\n\n", ""),
        ("$$\n\na\n\n", ""),
        ("```\na\nb", "<pre><code>a\n"),
    ],
)
def test_what_leaves_something_open_is_not_settled(source: str, settled: str) -> None:
    growth = new()
    growth.append(f"# T\n\n{source}c")
    assert growth.shown[: growth.settled].removeprefix("<h1>T</h1>") == settled


def test_long_code_that_is_closed_is_not_read_as_words() -> None:
    source = "```py\n" + "some code and more of it\n" * 20 + "```\n\n"
    growth = new()
    for token in tokens(source, Random(1)):
        growth.append(token)
        assert "<p>" not in growth.shown


def test_nothing_visible_is_no_content() -> None:
    document = MarkdownDocument(DEFAULT_RULES, LIMITS)
    document.append("<!-- nothing -->\n")
    with pytest.raises(EmptyContent):
        document.finish()


def test_html_beyond_the_limit_is_refused() -> None:
    document = MarkdownDocument(DEFAULT_RULES, Limits(max_prepared_characters=100))
    with pytest.raises(PreparedTooLarge):
        document.append("word " * 50)

# ruff: noqa: RUF001 - the texts contain many scripts
"""Complexity and adaptive speed, exact at their thresholds."""

import pytest

from service.content.analysis import Analysis, analyse_html, analyse_text
from service.protocol.messages import Complexity, Speed

LOW, MEDIUM, HIGH = Complexity.LOW, Complexity.MEDIUM, Complexity.HIGH


@pytest.mark.parametrize(
    ("tags", "words", "complexity"),
    [
        (0, 1, LOW),
        (10, 100, LOW),
        (11, 100, MEDIUM),
        (30, 100, MEDIUM),
        (31, 100, HIGH),
        (0, 200, LOW),
        (0, 201, MEDIUM),
        (0, 500, MEDIUM),
        (0, 501, HIGH),
        (1, 0, HIGH),
    ],
)
def test_complexity_increases_above_a_threshold_not_at_it(tags: int, words: int, complexity: Complexity) -> None:
    assert Analysis(word_count=words, tag_count=tags).complexity is complexity


@pytest.mark.parametrize(("words", "speed"), [(1, Speed.SUPERFAST), (201, Speed.FAST), (501, Speed.NORMAL)])
def test_only_the_adaptive_speed_depends_on_the_content(words: int, speed: Speed) -> None:
    analysis = Analysis(word_count=words, tag_count=0)
    assert analysis.speed(Speed.ADAPTIVE) is speed
    assert analysis.speed(Speed.SLOW) is Speed.SLOW


@pytest.mark.parametrize(
    ("html", "words", "tags"),
    [
        ("<p>Two words</p>", 2, 1),
        ("<p>one</p><p>two<br>three</p>", 3, 3),
        ("un<b>broken</b>", 1, 1),
        ("a &lt; b and c &gt; d &amp;&nbsp;e", 9, 0),
        ('<img src="/a.png" alt="not read">', 0, 1),
        ("<p>你好，世界！</p>", 2, 1),
    ],
)
def test_visible_words_and_opening_tags_are_counted(html: str, words: int, tags: int) -> None:
    assert analyse_html(html) == Analysis(word_count=words, tag_count=tags)


def test_text_has_no_tags() -> None:
    assert analyse_text("a < b and c > d <b>") == Analysis(word_count=8, tag_count=0)

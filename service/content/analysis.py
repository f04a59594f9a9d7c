"""Analysis of content: number of words, density of markup, complexity, adaptive speed."""

from typing import NamedTuple

from msgspec import Struct

from service.content.chunking.words import word_count
from service.content.html.markup import visible_text
from service.protocol.messages import Complexity, Speed

ADAPTIVE_SPEED = {
    Complexity.LOW: Speed.SUPERFAST,
    Complexity.MEDIUM: Speed.FAST,
    Complexity.HIGH: Speed.NORMAL,
}
"""The speed for ``adaptive``: slower for more complex content."""


class Threshold(NamedTuple):
    """Content above either value has at least this complexity."""

    complexity: Complexity
    tags_per_word: float
    words: int


THRESHOLDS = (
    Threshold(Complexity.HIGH, tags_per_word=0.3, words=500),
    Threshold(Complexity.MEDIUM, tags_per_word=0.1, words=200),
)


class Analysis(Struct, frozen=True):
    """Statistics of one content."""

    word_count: int
    """Visible words."""
    tag_count: int
    """Opening tags, void elements included."""

    @property
    def complexity(self) -> Complexity:
        density = self.tag_count / max(self.word_count, 1)
        for threshold in THRESHOLDS:
            if density > threshold.tags_per_word or self.word_count > threshold.words:
                return threshold.complexity
        return Complexity.LOW

    def speed(self, wanted: Speed) -> Speed:
        """Return ``wanted``, or the speed for this complexity if that is ``adaptive``."""
        return ADAPTIVE_SPEED[self.complexity] if wanted is Speed.ADAPTIVE else wanted


def analyse_text(text: str) -> Analysis:
    """Return the analysis of text, in which tags are words."""
    return Analysis(word_count(text), tag_count=0)


def analyse_html(html: str) -> Analysis:
    """Return the analysis of sanitised HTML, in which each ``<`` begins a tag."""
    return Analysis(word_count(visible_text(html)), tag_count=html.count("<") - html.count("</"))

"""What is found out about content: how much of it there is to read, and how dense its markup is."""

from typing import NamedTuple

from msgspec import Struct

from service.content.markup import visible_text
from service.content.segment import word_count
from service.protocol.messages import Complexity, Speed

ADAPTIVE_SPEED = {
    Complexity.LOW: Speed.SUPERFAST,
    Complexity.MEDIUM: Speed.FAST,
    Complexity.HIGH: Speed.NORMAL,
}
"""The more there is to take in, the slower."""


class Threshold(NamedTuple):
    """Above either of these, content is at least so complex."""

    complexity: Complexity
    tags_per_word: float
    words: int


THRESHOLDS = (
    Threshold(Complexity.HIGH, tags_per_word=0.3, words=500),
    Threshold(Complexity.MEDIUM, tags_per_word=0.1, words=200),
)


class Analysis(Struct, frozen=True):
    """Figures of one content."""

    word_count: int
    """Words that a reader sees."""
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
        """The speed to stream at: ``wanted``, or what suits the content if that is ``adaptive``."""
        return ADAPTIVE_SPEED[self.complexity] if wanted is Speed.ADAPTIVE else wanted


def analysed_text(text: str) -> Analysis:
    """Text is not HTML, whatever it looks like."""
    return Analysis(word_count(text), tag_count=0)


def analysed_html(html: str) -> Analysis:
    """``html`` is sanitised: each ``<`` in it begins a tag."""
    return Analysis(word_count(visible_text(html)), tag_count=html.count("<") - html.count("</"))

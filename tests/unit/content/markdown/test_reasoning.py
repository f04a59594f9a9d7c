"""Reasoning is removed, and an answer never is."""

import pytest

from service.content.markdown.convert import PARSER
from service.content.markdown.reasoning import without_reasoning

TAGS = frozenset({"think", "thought"})


@pytest.mark.parametrize(
    ("markdown", "answer"),
    [
        ("<think>plan</think>\n\nAnswer.", "\n\nAnswer."),
        ("<think>\n\nplan\n\n# x\n</think>\nAnswer.", "\nAnswer."),
        ("  <THINK>plan</Think >Answer.", "Answer."),
        ('<think duration="3">plan</think>Answer.', "Answer."),
        ("Before.\n<thought>plan</thought>\nAnswer.", "Before.\n\nAnswer."),
        ("<think>a</think>A<think>b</think>\n<think>c</think>B", "A<think>b\nB"),
        ("<think>a\n```py\nb\n</think>\nA\n```py\nc\n```", "\nA\n```py\nc\n```"),
        ("<think>`</think>` x</think>A", "A"),
        ("<think>\nNo end. Answer.", "\nNo end. Answer."),
        ("Reasoning.\n</think>\nAnswer.", "Reasoning.\n\nAnswer."),
        ("<think>\nAnswer.\n<think>b</think>", "\nAnswer.\n"),
        ("äöü <i>\n<think>é</think>ß", "äöü <i>\nß"),
    ],
)
def test_elements_of_reasoning_are_removed(markdown: str, answer: str) -> None:
    assert without_reasoning(markdown, TAGS, PARSER) == answer


@pytest.mark.parametrize(
    "markdown",
    [
        "No tag.",
        "Use <think>x</think> in a line.",
        "`<think>` and </think> x",
        "```\n<think>\nx\n</think>\n```",
        "    <think>\n    x\n    </think>",
        "<thinking>x</thinking>",
        "<think",
    ],
)
def test_other_text_is_kept(markdown: str) -> None:
    assert without_reasoning(markdown, TAGS, PARSER) == markdown


def test_without_tags_nothing_is_removed() -> None:
    assert without_reasoning("<think>a</think>", frozenset(), PARSER) == "<think>a</think>"

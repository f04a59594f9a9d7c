"""Attacks, streamed in every way: a second parser finds nothing dangerous in the whole or in any chunk."""

from contextlib import nullcontext
from functools import lru_cache
from itertools import accumulate, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.content import Plan
from service.content.html import sanitise
from service.content.html.policy import POLICIES
from service.content.html.removal import Removal
from service.content.html.sanitise import sanitise_html
from service.content.markdown.convert import markdown_to_html
from service.content.prepare import prepare
from service.content.rules import DEFAULT_RULES, ContentRules
from service.protocol.errors import EmptyContent, PreparedTooLarge
from service.protocol.limits import Limits
from service.protocol.messages import ChunkBy, ContentType, HtmlMode
from tests.unit.content.attacks import ATTACKS
from tests.unit.content.documents import documents, request
from tests.unit.content.reader import dangers

NO_LIMIT = 10**9
LIMITS = Limits(max_chunk_characters=40)
found = lru_cache(maxsize=100_000)(dangers)
"""The results by part: most parts occur in many attacks."""


RULES = tuple(ContentRules(policy=policy) for policy in POLICIES.values())


def plan_of(
    content: str,
    content_type: ContentType,
    chunk_by: ChunkBy,
    html_mode: HtmlMode,
    rules: ContentRules = DEFAULT_RULES,
) -> Plan | None:
    """Return the plan; ``None`` for content that shows nothing."""
    try:
        return prepare(request(content, content_type, chunk_by, html_mode), LIMITS, lambda _stage: nullcontext(), rules)
    except EmptyContent:
        return None


def check_harmless(plan: Plan, attack: str, rules: ContentRules) -> None:
    """Check the whole, each chunk alone, and each state that a client in incremental mode shows."""
    whole = "".join(plan.chunks)
    assert found(whole) == [], attack
    assert sanitise_html(whole, rules, NO_LIMIT).html == whole, attack
    for chunk in plan.chunks:
        assert found(chunk) == [], attack
    if plan.closes is not None:
        for so_far, close in zip(accumulate(plan.chunks), plan.closes, strict=True):
            assert found(so_far + close) == [], attack


@pytest.mark.parametrize("html_mode", HtmlMode)
@pytest.mark.parametrize("content_type", [ContentType.HTML, ContentType.MARKDOWN])
@pytest.mark.parametrize("family", ATTACKS)
def test_an_attack_is_harmless(family: str, content_type: ContentType, html_mode: HtmlMode) -> None:
    for attack in ATTACKS[family]:
        # A long attack has a state for each of its characters: their number squared is too slow for the second parser.
        chunk_bys = (ChunkBy.WORD, ChunkBy.CHARACTER) if len(attack) < 500 else (ChunkBy.WORD,)
        for chunk_by, rules in product(chunk_bys, RULES):
            plan = plan_of(f"one {attack} two", content_type, chunk_by, html_mode, rules)
            if plan is not None:
                check_harmless(plan, attack, rules)


@pytest.mark.parametrize("passes", [0, 1])
@pytest.mark.parametrize("family", ATTACKS)
def test_an_attack_is_harmless_where_html_is_sent_as_text(
    family: str, passes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sanitise, "MAX_PASSES", passes)
    for attack, rules in product(ATTACKS[family], RULES):
        sanitised = sanitise_html(attack, rules, NO_LIMIT)
        assert found(sanitised.html) == [], attack
        assert "<" not in sanitised.html or Removal.MARKUP not in sanitised.removed, attack


@given(documents, st.sampled_from(sorted(ATTACKS)), st.sampled_from(ChunkBy), st.sampled_from(HtmlMode), st.data())
def test_an_attack_inside_a_document_is_harmless(
    document: str, family: str, chunk_by: ChunkBy, html_mode: HtmlMode, data: st.DataObject
) -> None:
    rules = data.draw(st.sampled_from(RULES))
    attack = data.draw(st.sampled_from(ATTACKS[family]))
    place = data.draw(st.integers(0, len(document)))
    try:
        plan = plan_of(document[:place] + attack + document[place:], ContentType.HTML, chunk_by, html_mode, rules)
    except PreparedTooLarge:
        return
    if plan is not None:
        check_harmless(plan, attack, rules)


@pytest.mark.parametrize("family", ATTACKS)
def test_the_attacks_are_dangerous_without_sanitising(family: str) -> None:
    as_sent = [found(attack) or found(markdown_to_html(attack)) for attack in ATTACKS[family]]
    assert sum(map(bool, as_sent)) > len(as_sent) / 2


@pytest.mark.parametrize(
    ("html", "danger"),
    [
        ("<script>x</script>", "element script"),
        ("<body onload=x>", "attribute onload"),
        ("<table><b onclick=x>", "attribute onclick"),
        ("<noscript><p title='</noscript><b onclick=x>'></noscript>", "attribute onclick"),
        ("<a href='java\tscript:x'>y</a>", "href 'java\\tscript:x'"),
        ("<a href='\u200bjavascript:x'>y</a>", "href '\\u200bjavascript:x'"),
        ("<img src='data:image/svg+xml;base64,AA=='>", "src 'data:image/svg+xml;base64,AA=='"),
        ("<p style='background: URL(x)'>y</p>", "style 'background: URL(x)'"),
        ("<p style='color: red; position: fixed'>y</p>", "style 'color: red; position: fixed'"),
        ("<p style='margin: 0 -9px'>y</p>", "style 'margin: 0 -9px'"),
        ("<p style='width: 10000px'>y</p>", "style 'width: 10000px'"),
        ("<p class='fixed'>y</p>", "class 'fixed'"),
        ("<a target=_blank>y</a>", "target without noopener"),
        ("<a href=x rel='noopener noreferrer opener'>y</a>", "rel ['noopener', 'noreferrer', 'opener']"),
        ("<input type=image>", "an input that is not a checkbox"),
    ],
)
def test_the_second_parser_finds_dangers(html: str, danger: str) -> None:
    assert danger in dangers(html)
    assert dangers("<p style='color: red; list-style-position: inside'><a href='//x?a=javascript:y'>safe</a></p>") == []

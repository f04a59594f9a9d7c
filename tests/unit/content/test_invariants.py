"""Properties of every plan, for any content."""

from contextlib import nullcontext
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st
from icu4py.breakers import CharacterBreaker

from service.content import Plan
from service.content.chunking.blocks import to_blocks
from service.content.html.markup import REFERENCE, TAG, VOID, visible_text
from service.content.html.sanitise import sanitise_html
from service.content.markdown.convert import markdown_to_html
from service.content.prepare import prepare
from service.content.rules import DEFAULT_RULES
from service.protocol.errors import EmptyContent
from service.protocol.limits import Limits
from service.protocol.messages import ChunkBy, ContentType
from tests.profiles import scaled
from tests.unit.content.documents import documents, markdowns, request, soups, texts
from tests.unit.content.reader import dangers, outline

NO_LIMIT = 10**9
chunk_bys = st.sampled_from(ChunkBy)
max_characters = st.sampled_from([1, 7, 40, 1000])


def plan_of(content: str, content_type: ContentType, chunk_by: ChunkBy, max_chunk_characters: int) -> Plan | None:
    """Return the plan; ``None`` for content that shows nothing."""
    limits = Limits(max_chunk_characters=max_chunk_characters)
    try:
        return prepare(request(content, content_type, chunk_by), limits, lambda _stage: nullcontext())
    except EmptyContent:
        return None


def character_ends(text: str) -> set[int]:
    return {0, *accumulate(map(len, CharacterBreaker(text, "root")))}


def is_balanced(html: str) -> bool:
    open_elements: list[str] = []
    for tag in TAG.finditer(html):
        closes, name = tag.groups()
        if closes and (not open_elements or open_elements.pop() != name):
            return False
        if not closes and name not in VOID:
            open_elements.append(name)
    return not open_elements


def check_fragments(plan: Plan, html: str) -> None:
    assert "".join(plan.chunks) == html
    assert outline(*plan.chunks) == outline(html)
    seen = 0
    ends = character_ends(visible_text(html))
    for chunk in plan.chunks:
        assert chunk.strip()
        assert is_balanced(chunk)
        assert "<" not in TAG.sub("", chunk)
        assert "&" not in REFERENCE.sub("", TAG.sub("", chunk))
        seen += len(visible_text(chunk))
        assert seen in ends


@given(texts, chunk_bys, max_characters)
def test_text_is_exact_in_chunks_within_the_limit(text: str, chunk_by: ChunkBy, max_chunk_characters: int) -> None:
    plan = plan_of(text, ContentType.TEXT, chunk_by, max_chunk_characters)
    if plan is None:
        assert not text.strip()
        return
    assert "".join(plan.chunks) == text
    assert all(0 < len(chunk) <= max_chunk_characters for chunk in plan.chunks)


@given(texts, chunk_bys)
def test_no_text_is_split_inside_a_grapheme(text: str, chunk_by: ChunkBy) -> None:
    plan = plan_of(text, ContentType.TEXT, chunk_by, 300)
    chunks = plan.chunks if plan else []
    assert set(accumulate(map(len, chunks))) <= character_ends(text)


@scaled(2.5)
@given(soups, chunk_bys, max_characters)
def test_tag_soup_becomes_valid_safe_fragments(soup: str, chunk_by: ChunkBy, max_chunk_characters: int) -> None:
    html = sanitise_html(soup, DEFAULT_RULES, NO_LIMIT).html
    assert sanitise_html(html, DEFAULT_RULES, NO_LIMIT).html == html
    assert dangers(html) == []
    plan = plan_of(soup, ContentType.HTML, chunk_by, max_chunk_characters)
    if plan is not None:
        check_fragments(plan, to_blocks(html))


@given(documents, chunk_bys, max_characters)
def test_a_document_of_an_editor_is_unchanged(document: str, chunk_by: ChunkBy, max_chunk_characters: int) -> None:
    plan = plan_of(document, ContentType.HTML, chunk_by, max_chunk_characters)
    if plan is not None:
        check_fragments(plan, to_blocks(document))


@given(markdowns, chunk_bys, max_characters)
def test_markdown_becomes_the_sanitised_form_of_its_html(
    markdown: str, chunk_by: ChunkBy, max_chunk_characters: int
) -> None:
    html = sanitise_html(markdown_to_html(markdown), DEFAULT_RULES, NO_LIMIT).html
    assert sanitise_html(html, DEFAULT_RULES, NO_LIMIT).html == html
    plan = plan_of(markdown, ContentType.MARKDOWN, chunk_by, max_chunk_characters)
    if plan is not None:
        check_fragments(plan, to_blocks(html))

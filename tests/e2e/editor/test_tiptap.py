"""A real editor ends with the same document whether the content is set at once or streamed, in either mode.

This holds for every real document, and for all generated ones in incremental mode. In fragment mode about one in six
generated documents differs, for two reasons:

- An editor that appends to an empty document keeps its empty paragraph before HTML that begins with a block and has
  text at the top level, also if it is appended at once.
- It reads a chunk without a tag as plain text, so a reference in it is shown literally; such a chunk is produced only
  if no neighbour can be merged with it.
"""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.content import Plan
from service.content.prepare import prepare
from service.protocol.errors import EmptyContent
from service.protocol.limits import Limits
from service.protocol.messages import ChunkBy, ContentType, HtmlMode, StreamRequest
from tests.documents import content_type, paths
from tests.e2e.editor.tiptap import Node, Tiptap, is_empty_paragraph
from tests.profiles import scaled
from tests.unit.content.documents import editor_documents, pure_markdowns
from tests.unit.content.reader import parsed

MAX_STEPS = 40
"""Number of states of an incremental stream that are checked."""

FLOWING = {"a", "b", "br", "code", "details", "em", "mark", "s", "span", "strong", "u"}
"""Elements of generated documents that this editor does not treat as blocks."""

chunk_bys = st.sampled_from(ChunkBy)
modes = st.sampled_from(HtmlMode)


@pytest.fixture(scope="module")
def tiptap() -> Iterator[Tiptap]:
    with Tiptap() as editor:
        yield editor


def plan_of(content: str, content_type: ContentType, chunk_by: ChunkBy, html_mode: HtmlMode) -> Plan:
    request = StreamRequest(content=content, content_type=content_type, chunk_by=chunk_by, html_mode=html_mode)
    return prepare(request, Limits(), lambda _stage: nullcontext())


def begins_with_a_block_beside_text(html: str) -> bool:
    """Whether the HTML begins with a block, an image in a paragraph included, beside text or an inline element."""
    body = parsed(html)
    if len(body) and body[0].tag == "p" and len(body[0]) and body[0][0].tag == "img" and not body[0].text:
        return True
    texts = [body.text, *(child.tail for child in body)]
    beside = any(text and text != "\n" for text in texts) or any(child.tag in FLOWING for child in body)
    return beside and not (body.text or "").strip() and body[0].tag not in FLOWING


def visible(nodes: Sequence[Node]) -> str:
    """The text of a document, without white space."""
    return "".join(
        "".join(node["text"].split()) if node["type"] == "text" else visible(node.get("content", [])) for node in nodes
    )


def escape_literal_chunk(chunk: str) -> str:
    """Return the text that an editor makes of a chunk without a tag: references are not resolved."""
    return chunk if "<" in chunk else chunk.replace("&", "&amp;")


def check_appended(tiptap: Tiptap, plan: Plan) -> None:
    html = "".join(plan.chunks)
    whole = tiptap.document_with_space("".join(map(escape_literal_chunk, plan.chunks)) if "<" in html else html)
    appended = tiptap.appended(plan.chunks)
    if appended != whole and begins_with_a_block_beside_text(plan.chunks[0]):
        assert is_empty_paragraph(appended.pop(0))
    assert appended == whole


def check_shown(tiptap: Tiptap, plan: Plan) -> None:
    """Check that the last state equals the whole, and that the visible text only grows."""
    assert plan.closes is not None
    moments = [so_far + close for so_far, close in zip(accumulate(plan.chunks), plan.closes, strict=True)]
    every = len(moments) // MAX_STEPS + 1
    shown = tiptap.shown(moments[:-1:every] + moments[-1:])
    assert shown[-1] == tiptap.document("".join(plan.chunks))
    texts = list(map(visible, shown))
    assert all(texts[-1].startswith(text) for text in texts)
    assert texts == sorted(texts, key=len)


@pytest.mark.parametrize("path", paths(), ids=lambda path: path.name)
def test_real_documents_in_fragments_equal_the_whole(tiptap: Tiptap, path: Path) -> None:
    content = path.read_text()
    for chunk_by in ChunkBy:
        plan = plan_of(content, content_type(path), chunk_by, HtmlMode.FRAGMENT)
        html = "".join(plan.chunks)
        # The caption of a table, which this editor does not support, is a paragraph before it or after it.
        assert tiptap.appended(plan.chunks) in (tiptap.document(html), tiptap.document_with_space(html))


@pytest.mark.parametrize("path", paths(), ids=lambda path: path.name)
def test_real_documents_in_increments_equal_the_whole(tiptap: Tiptap, path: Path) -> None:
    check_shown(tiptap, plan_of(path.read_text(), content_type(path), ChunkBy.WORD, HtmlMode.INCREMENTAL))


def texts(nodes: Sequence[Node]) -> str:
    return "".join(node.get("text", "") + texts(node.get("content", [])) for node in nodes)


@pytest.mark.parametrize("html_mode", HtmlMode)
@pytest.mark.parametrize(
    ("content", "content_type", "types", "text"),
    [
        (
            "<ul>\n    <li>\n      one\n    </li>\n    <li>\n      two\n    </li>\n  </ul>\n  <p>end</p>\n",
            ContentType.HTML,
            ["bulletList", "paragraph"],
            "onetwoend",
        ),
        ("The quick\nbrown fox.\n", ContentType.MARKDOWN, ["paragraph"], "The quick brown fox."),
        ("AT&amp;T is big", ContentType.HTML, ["paragraph"], "AT&T is big"),
        ("text <span>a b</span> more", ContentType.HTML, ["paragraph"], "text a b more"),
        ("<h2>a</h2><p>b</p><div></div>\n<div></div>", ContentType.HTML, ["heading", "paragraph"], "ab"),
        ("<div>a</div>", ContentType.HTML, ["paragraph"], "a"),
        ("a<p>b</p>c", ContentType.HTML, ["paragraph"] * 3, "abc"),
    ],
)
def test_no_markup_is_shown_as_text(  # noqa: PLR0917
    tiptap: Tiptap, content: str, content_type: ContentType, types: list[str], text: str, html_mode: HtmlMode
) -> None:
    plan = plan_of(content, content_type, ChunkBy.WORD, html_mode)
    chunks = "".join(plan.chunks)
    document = tiptap.appended(plan.chunks) if plan.closes is None else tiptap.document(chunks)
    assert document == tiptap.document(chunks)
    assert [node["type"] for node in document] == types
    assert texts(document) == text


@scaled(4)
@given(document=editor_documents, chunk_by=chunk_bys, html_mode=modes)
def test_generated_documents_equal_the_whole(
    tiptap: Tiptap, document: str, chunk_by: ChunkBy, html_mode: HtmlMode
) -> None:
    try:
        plan = plan_of(document, ContentType.HTML, chunk_by, html_mode)
    except EmptyContent:
        return
    if html_mode is HtmlMode.FRAGMENT:
        check_appended(tiptap, plan)
    else:
        check_shown(tiptap, plan)


@scaled(0.5)
@given(markdown=pure_markdowns, chunk_by=chunk_bys)
def test_generated_markdown_equals_the_whole(tiptap: Tiptap, markdown: str, chunk_by: ChunkBy) -> None:
    plan = plan_of(markdown, ContentType.MARKDOWN, chunk_by, HtmlMode.FRAGMENT)
    assert tiptap.appended(plan.chunks) == tiptap.document("".join(plan.chunks))
    check_shown(tiptap, plan_of(markdown, ContentType.MARKDOWN, chunk_by, HtmlMode.INCREMENTAL))

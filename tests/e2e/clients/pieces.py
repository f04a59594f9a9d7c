"""Documents in chunks of the service, for the tests of the renderers."""

import json
from contextlib import nullcontext, suppress
from pathlib import Path

from hypothesis import given

from service.content import Plan
from service.content.prepare import prepare
from service.protocol.errors import EmptyContent
from service.protocol.limits import Limits
from service.protocol.messages import ChunkBy, ContentType, HtmlMode, StreamRequest
from tests.documents import content_type, paths
from tests.profiles import scaled
from tests.unit.content.documents import editor_documents

_SHORT = 5000
"""Characters; longer documents are not split by word."""


def write_pieces(path: Path) -> Path:
    """Write all real documents in the form that ``pieces.mjs`` reads."""
    path.write_text(json.dumps([_pieces(document) for document in paths()]))
    return path


def plan_of(content: str, content_type: ContentType, chunk_by: ChunkBy, html_mode: HtmlMode) -> Plan:
    request = StreamRequest(content=content, content_type=content_type, chunk_by=chunk_by, html_mode=html_mode)
    return prepare(request, Limits(), lambda _stage: nullcontext())


def chunks(plan: Plan) -> list[dict[str, str]]:
    """The chunks of the document, as on the wire."""
    if plan.closes is None:
        return [{"data": data} for data in plan.chunks]
    return [{"data": data, "close": close} for data, close in zip(plan.chunks, plan.closes, strict=True)]


def _pieces(document: Path) -> dict[str, object]:
    content, kind = document.read_text(), content_type(document)
    fragments = plan_of(content, kind, ChunkBy.WORD, HtmlMode.FRAGMENT)
    return {
        "name": document.name,
        "html": "".join(fragments.chunks),
        "fragment": chunks(fragments),
        "incremental": {
            chunk_by: chunks(plan_of(content, kind, chunk_by, HtmlMode.INCREMENTAL))
            for chunk_by in (ChunkBy.SENTENCE, ChunkBy.WORD)
            if chunk_by is ChunkBy.SENTENCE or len(content) < _SHORT
        },
    }


def generated(path: Path) -> Path:
    """Generated documents, split by word."""
    found: dict[str, dict[str, object]] = {}

    @scaled(1.5)
    @given(html=editor_documents)
    def generate(html: str) -> None:
        with suppress(EmptyContent):
            plan = plan_of(html, ContentType.HTML, ChunkBy.WORD, HtmlMode.INCREMENTAL)
            name = f"generated {len(found)}"
            found.setdefault(html, {"name": name, "html": "".join(plan.chunks), "incremental": {"word": chunks(plan)}})

    generate()
    path.write_text(json.dumps(list(found.values())))
    return path


def long_ones(path: Path) -> Path:
    """Documents of 25 KB and 50 KB, split by sentence."""
    path.write_text(json.dumps([_long(size) for size in (25_000, 50_000)]))
    return path


_SECTION = """<h2>Section {number}</h2>
<p>The first sentence has <b>some words</b> in it. The second has <i>others</i>, and
<a href="https://example.com/{number}">a link</a>. The third is the last of its paragraph.</p>
<ul><li>one thing. And more of it.</li><li>another</li></ul>
<table><tbody><tr><th>a</th><th>b</th></tr><tr><td>{number}.</td><td>two. Three.</td></tr></tbody></table>"""


def _long(size: int) -> dict[str, object]:
    content = ""
    number = 0
    while len(content) < size - len(_SECTION):
        number += 1
        content += _SECTION.format(number=number)
    plan = plan_of(content, ContentType.HTML, ChunkBy.SENTENCE, HtmlMode.INCREMENTAL)
    return {"incremental": {"sentence": chunks(plan)}}

"""The joined chunks of a plan, and a document that has grown, are equal for every content type."""

from contextlib import nullcontext

from hypothesis import given, reject
from hypothesis import strategies as st

from service.content.live.live_documents import create_document
from service.content.prepare import prepare
from service.content.rules import DEFAULT_RULES
from service.protocol.errors import EmptyContent
from service.protocol.limits import Limits
from service.protocol.messages import ChunkBy, ContentType, HtmlMode
from tests.unit.content.documents import request, texts
from tests.unit.content.live.grown import Grown, parts

LIMITS = Limits()


@given(texts, st.sampled_from(ContentType), st.data())
def test_a_document_that_has_grown_is_the_joined_chunks_of_the_plan(
    source: str, content_type: ContentType, data: st.DataObject
) -> None:
    a_request = request(source, content_type, ChunkBy.WORD, HtmlMode.FRAGMENT)
    try:
        plan = prepare(a_request, LIMITS, lambda _stage: nullcontext())
    except EmptyContent:
        reject()
    document = Grown(create_document(content_type, DEFAULT_RULES, LIMITS))
    for part in parts(data, source):
        document.append(part)
    assert document.finish() == "".join(plan.chunks)

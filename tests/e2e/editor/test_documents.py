"""Real documents of three kinds, appended fragment by fragment, make the document of the whole in an editor."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext

import pytest

from service.content.prepare import prepare
from service.protocol.limits import Limits
from service.protocol.messages import ChunkBy, StreamRequest
from tests.documents.corpora import Document, demos, mails, readmes
from tests.e2e.editor.tiptap import Tiptap

REQUIRED_SHARES = {
    "usual": {"readmes": 0.98, "demos": 0.9, "mails": 0.9},
    "nodes": {"readmes": 0.98, "demos": 0.98, "mails": 0.9},
    "starter": {"readmes": 0.98, "mails": 0.9},
}
CORPORA: dict[str, Callable[[], list[Document]]] = {"readmes": readmes, "demos": demos, "mails": mails}
SAMPLED = {"readmes": 5, "demos": 1, "mails": 4}
"""In ``make test``, one document of this number is compared."""


@pytest.fixture(scope="module")
def tiptap() -> Iterator[Tiptap]:
    with Tiptap() as editor:
        yield editor


def differing(tiptap: Tiptap, extensions: str, documents: Sequence[Document]) -> list[str]:
    """Return the names of the documents that differ, with any unit of chunks."""
    return [
        document.name
        for document in documents
        for chunks in plans(document)
        if not tiptap.is_equal(extensions, "".join(chunks), chunks)
    ]


def plans(document: Document) -> set[tuple[str, ...]]:
    """The different chunks of ``document``: most documents have the same with every unit."""
    return {
        tuple(
            prepare(
                StreamRequest(content=document.content, content_type=document.content_type, chunk_by=chunk_by),
                Limits(),
                lambda _stage: nullcontext(),
            ).chunks
        )
        for chunk_by in (ChunkBy.WORD, ChunkBy.PARAGRAPH)
    }


def check(tiptap: Tiptap, extensions: str, corpus: str, documents: Sequence[Document]) -> str:
    """Check the share of documents that are equal, and return it as text."""
    differ = differing(tiptap, extensions, documents)
    share = 1 - len(differ) / len(documents)
    assert share >= REQUIRED_SHARES[extensions].get(corpus, 0), differ
    return f"{len(documents) - len(differ)} of {len(documents)}"


@pytest.mark.parametrize("corpus", CORPORA)
def test_appended_fragments_make_the_document_of_the_whole(tiptap: Tiptap, corpus: str) -> None:
    check(tiptap, "nodes", corpus, CORPORA[corpus]()[:: SAMPLED[corpus]])


@pytest.mark.proof
@pytest.mark.parametrize("extensions", REQUIRED_SHARES)
def test_all_documents_in_fragments(
    tiptap: Tiptap, extensions: str, record_property: Callable[[str, object], None]
) -> None:
    """Appended fragments make the document of the whole in an editor."""
    for corpus, documents in CORPORA.items():
        record_property(corpus, check(tiptap, extensions, corpus, documents()))


@pytest.mark.parametrize("corpus", ["demos", "mails"])
def test_most_large_documents_are_streamed_in_several_fragments(corpus: str) -> None:
    large = [document for document in CORPORA[corpus]() if len(document.content) > 1000]
    several = [document for document in large if all(len(chunks) > 1 for chunks in plans(document))]
    assert len(several) >= len(large) / 2

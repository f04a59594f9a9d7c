"""What is in a document stays in it, however it was written."""

from hypothesis import given

from service.content.sanitise import sanitised
from tests.unit.content.documents import written_documents

NO_LIMIT = 10**9


@given(written_documents)
def test_what_means_the_same_comes_out_the_same(document_and_written: tuple[str, str]) -> None:
    document, written = document_and_written
    assert sanitised(written, NO_LIMIT).html == document

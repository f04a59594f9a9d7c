"""docs/asyncapi.md."""

from tests.integration.asyncapi.page import PAGE, page


def test_the_page_is_made_from_the_document() -> None:
    assert PAGE.read_text() == page(), "run: .venv/bin/python -m tests.integration.asyncapi.page"

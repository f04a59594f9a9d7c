"""The renderers, without a browser, with the chunks of real documents."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.clients import pieces
from tests.e2e.clients.program import run_tests


@pytest.mark.parametrize("documents", [pieces.write_pieces, pieces.generated])
@pytest.mark.parametrize("target", ["dom", "tiptap", "prosemirror", "quill", "lexical", "textarea"])
async def test_streamed_documents_equal_whole_ones(
    tmp_path: Path, target: str, documents: Callable[[Path], Path]
) -> None:
    await run_tests(f"{target}.test.mjs", PIECES=documents(tmp_path / "pieces.json"))


async def test_what_happens_to_a_stream_is_announced() -> None:
    await run_tests("announce.test.mjs")


async def test_the_work_is_linear_in_the_length_of_a_document(tmp_path: Path) -> None:
    await run_tests("cost.test.mjs", PIECES=pieces.long_ones(tmp_path / "pieces.json"))

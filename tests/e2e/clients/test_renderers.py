"""The renderers, in a page and in an editor without a screen, with what the service makes of real documents."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.clients import pieces
from tests.e2e.clients.program import passed


@pytest.mark.parametrize("documents", [pieces.written, pieces.generated])
@pytest.mark.parametrize("target", ["dom", "tiptap"])
async def test_whatever_the_pieces_the_whole_is_the_same(
    tmp_path: Path, target: str, documents: Callable[[Path], Path]
) -> None:
    await passed(f"{target}.test.mjs", PIECES=documents(tmp_path / "pieces.json"))


async def test_the_work_for_a_long_document_is_linear(tmp_path: Path) -> None:
    await passed("cost.test.mjs", PIECES=pieces.long_ones(tmp_path / "pieces.json"))

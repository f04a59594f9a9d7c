"""The previews in the documents."""

import pytest
from PIL import Image

from tests.conftest import PROJECT
from tests.ops.dashboards.boards import BOARDS
from tools.observe.picture import WIDTH, height_of


@pytest.mark.parametrize("name", BOARDS)
def test_preview_has_the_layout_of_its_dashboard(name: str) -> None:
    path = PROJECT / "docs" / "pictures" / f"{name}.png"
    with Image.open(path) as picture:
        assert picture.size == (WIDTH, height_of(BOARDS[name])), "draw the previews again, see docs/dashboards.md"
    assert path.stat().st_size < 250_000
    assert f"pictures/{path.name}" in (PROJECT / "docs" / "dashboards.md").read_text()

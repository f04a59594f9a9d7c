"""The previews that the documents show."""

import pytest
from PIL import Image

from dashboards.canvas import WIDTH
from dashboards.picture import height_of
from tests.conftest import PROJECT
from tests.ops.dashboards.boards import BOARDS


@pytest.mark.parametrize("name", BOARDS)
def test_a_preview_is_of_the_dashboard_as_it_is(name: str) -> None:
    path = PROJECT / "docs" / "pictures" / f"{name}.png"
    with Image.open(path) as picture:
        assert picture.size == (WIDTH, height_of(BOARDS[name])), "draw it anew: docs/dashboards.md says how"
    assert path.stat().st_size < 250_000
    assert f"pictures/{path.name}" in (PROJECT / "docs" / "dashboards.md").read_text()

"""Every committed file that is generated equals what its generator makes."""

import pytest

from tools.generate import GENERATORS


@pytest.mark.parametrize("name", GENERATORS)
def test_the_committed_files_are_those_that_the_generator_makes(name: str) -> None:
    assert [path for path, _ in GENERATORS[name].stale()] == [], "run: make generate"

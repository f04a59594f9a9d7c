"""Processes that share live streams."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Literal

import pytest

from tests.integration.instances.instances import Instance, sharing
from tests.integration.publishing.back_end import OPEN

Store = Literal["sqlite", "redis"]


@pytest.fixture(params=["sqlite", "redis"])
def start_two(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[..., list[Instance]]]:
    """Starts two instances: ``start_two(RESUME_TTL=1)``. With Redis they share nothing else."""
    url = request.getfixturevalue("redis").url if request.param == "redis" else None
    with ExitStack() as endings:

        def start(**settings: object) -> list[Instance]:
            members = []
            for number, one in enumerate(sharing(tmp_path, 2, url, {"DRAIN_SECONDS": 0, **OPEN} | settings)):
                members.append(Instance(tmp_path / f"instance-{number}", one))
                endings.callback(members[-1].stop)
            return members

        yield start


@pytest.fixture
def two(start_two: Callable[..., list[Instance]]) -> list[Instance]:
    return start_two()

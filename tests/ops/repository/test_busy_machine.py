"""The suite on a machine that does something else."""

import os
import subprocess
import time
from collections.abc import Callable

import pytest

from tests.ops.packaging.project import PROJECT


@pytest.mark.proof
@pytest.mark.usefixtures("busy_loops")
def test_suite_passes_beside_busy_loops(record_property: Callable[[str, object], None]) -> None:
    """`make test` beside two endless loops, three times."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    for number in ("first", "second", "third"):
        began = time.monotonic()
        suite = subprocess.run(
            ["make", "test"], cwd=PROJECT, env=variables, capture_output=True, text=True, check=False
        )
        record_property(number, f"{(time.monotonic() - began) / 60:.1f} minutes")
        assert suite.returncode == 0, suite.stdout[-5000:]

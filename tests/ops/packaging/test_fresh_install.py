"""The make targets in a new clone: what they install, and that it is sufficient."""

import os
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.ops.packaging.container import NETWORK
from tests.ops.packaging.project import PROJECT

Record = Callable[[str, object], None]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    folder = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", PROJECT, folder], check=True)
    return folder


def environment(clone: Path) -> dict[str, str]:
    """The variables for package registries, and no cache of packages."""
    network = {name: value for name, value in os.environ.items() if NETWORK.fullmatch(name)}
    return network | {"PATH": os.environ["PATH"], "HOME": str(clone.parent), "PIP_NO_CACHE_DIR": "1"}


@pytest.mark.proof
def test_a_new_clone_serves(clone: Path, record_property: Record) -> None:
    """`make run` in a new clone: installation and first answer."""
    began = time.monotonic()
    process = subprocess.Popen(
        ["make", "run"],
        cwd=clone,
        env=environment(clone) | {"HOST": "127.0.0.1", "PORT": "0", "LOG_FORMAT": "json"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    output = []
    try:
        for line in process.stdout:
            output.append(line)
            if found := re.search(r'"event": ?"service_listening".*"port": ?(\d+)', line):
                break
        assert found, "".join(output)
        answer = httpx.get(f"http://127.0.0.1:{found[1]}/health")
        record_property("first answer", f"{time.monotonic() - began:.0f} s")
    finally:
        process.terminate()
        process.communicate()
    assert answer.status_code == 200


@pytest.mark.proof
def test_a_new_clone_passes_its_checks(clone: Path, record_property: Record) -> None:
    """`make check` in a new clone, twice: with and without the installation."""
    for name in ("with installation", "without"):
        began = time.monotonic()
        check = subprocess.run(
            ["make", "check"], cwd=clone, env=environment(clone), capture_output=True, text=True, check=False
        )
        assert check.returncode == 0, check.stdout + check.stderr
        record_property(name, f"{time.monotonic() - began:.0f} s")

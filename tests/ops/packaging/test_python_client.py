"""The wheel of the Python client."""

import subprocess
import sys
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

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


def test_the_licence_is_that_of_the_project() -> None:
    assert (PROJECT / "clients" / "python" / "LICENSE").read_text() == (PROJECT / "LICENSE").read_text()

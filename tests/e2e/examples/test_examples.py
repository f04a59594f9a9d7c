"""The programs in examples/ do what their README describes."""

import signal
import subprocess
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.conftest import PROJECT, RunningServer, StartServer, environment
from tests.e2e.browser.visit import launch_chromium
from tools.node import NODE

EXAMPLES = PROJECT / "examples"
LIMIT_SECONDS = 120
expect.set_options(timeout=LIMIT_SECONDS * 1000)
PRESS_WHEN_ENABLED = """name => {
  const button = document.getElementById(name);
  if (!button.disabled) button.click();
  return !button.disabled;
}"""
"""In the page: a stream of the example lasts a few seconds only, in which the test may be late."""


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Markdown file of about ten blocks."""
    path = tmp_path_factory.mktemp("document") / "document.md"
    path.write_text("# Title\n\n" + "".join(f"Paragraph {number} with **bold** text.\n\n" for number in range(10)))
    return path


def test_node_example_prints_the_document_as_html(server: RunningServer, document: Path) -> None:
    program = run(str(NODE), str(EXAMPLES / "node.mjs"), str(document), SERVICE=server.url)
    assert program.returncode == 0, program.stderr
    assert program.stdout.startswith("<h1>Title</h1>")
    assert program.stdout.count("<strong>bold</strong>") == 10


@pytest.mark.parametrize("name", ["stream.py", "websocket.py"])
def test_python_examples_print_the_document_as_html(server: RunningServer, document: Path, name: str) -> None:
    program = run(sys.executable, str(EXAMPLES / name), str(document), SERVICE=server.url)
    assert program.returncode == 0, program.stderr
    assert program.stdout.count("<strong>bold</strong>") == 10


def test_python_example_recovers_after_the_service_is_killed(
    start_server: StartServer, tmp_path: Path, document: Path
) -> None:
    settings: dict[str, object] = {"DATA_DIR": tmp_path / "data"}
    first = RunningServer(tmp_path, settings)
    port = first.address[1]
    with subprocess.Popen(
        [sys.executable, str(EXAMPLES / "websocket.py"), str(document)],
        env=environment(SERVICE=f"http://127.0.0.1:{port}"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,  # otherwise bytes read ahead here would be missing there
    ) as program:
        assert program.stdout is not None
        beginning = program.stdout.read(20)  # some of it has arrived
        first.process.send_signal(signal.SIGKILL)
        first.process.wait()
        start_server(PORT=port, **settings)
        rest, messages = program.communicate(timeout=LIMIT_SECONDS)
    assert program.returncode == 0, messages
    assert b"reconnecting" in messages
    html = (beginning + rest).decode()
    assert [html.count(f"Paragraph {number} with") for number in range(10)] == [1] * 10


def test_page_example_streams_pauses_and_skips(server: RunningServer) -> None:
    handler = partial(_SilentHandler, directory=str(PROJECT))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as files, sync_playwright() as playwright:
        Thread(target=files.serve_forever, daemon=True).start()
        browser = launch_chromium(playwright)
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{files.server_address[1]}/examples/page.html?service={server.url}")
        page.get_by_role("button", name="Start").click()
        page.wait_for_function(PRESS_WHEN_ENABLED, arg="pause")
        expect(page.locator("#state")).to_have_text("paused")
        page.get_by_role("button", name="Skip").click()
        expect(page.locator("#state")).to_have_text("complete")
        expect(page.locator("#answer li")).to_have_count(3)
        browser.close()
        files.shutdown()


def run(*command: str, **variables: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env=environment(**variables), capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False
    )


class _SilentHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Log nothing."""

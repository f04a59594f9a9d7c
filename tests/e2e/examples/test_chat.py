"""The chat in examples/chat: the tokens of a model in an editor, and a stop that reaches the model."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from streaming_content import connect
from tests.conftest import PROJECT, RunningServer, environment, stop_cleanly
from tests.e2e.browser.visit import launch_chromium
from tests.integration.publishing.back_end import OPEN
from tests.waiting import LIMIT_SECONDS, wait_for

expect.set_options(timeout=LIMIT_SECONDS * 1000)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    running = RunningServer(tmp_path_factory.mktemp("service"), {"DRAIN_SECONDS": 0, **OPEN})
    yield running
    stop_cleanly(running)


class Chat:
    """The back end of the example in a process."""

    def __init__(self, service: RunningServer, settings: dict[str, object]) -> None:
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, PROJECT / "examples" / "chat" / "app.py"],
            env=environment(SERVICE=service.url, CHAT_PORT=0, **OPEN, **settings),
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()
        self.url = self.logged(r"running on (http://\S+)")

    def logged(self, pattern: str) -> str:
        """Wait for a line of the log; return the first group, or all that matches."""
        found = wait_for(lambda: re.search(pattern, "".join(self.lines)), pattern)
        assert found is not None
        return found[found.re.groups]

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(LIMIT_SECONDS)
        self._reader.join()

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as lines:
            self.lines.extend(lines)


@contextmanager
def chat(service: RunningServer, **settings: object) -> Iterator[Chat]:
    running = Chat(service, settings)
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = launch_chromium(playwright)
        yield browser.new_page()
        browser.close()


def test_the_answer_grows_in_the_editor_and_is_stopped_by_a_click(service: RunningServer, page: Page) -> None:
    with chat(service) as running:
        page.goto(running.url)
        page.get_by_label("Question").fill("Why?")
        page.get_by_role("button", name="Ask").click()
        expect(page.locator("#document h2")).to_have_text("Why?")
        expect(page.locator("#state")).to_have_text("complete")
        expect(page.locator("#document li")).to_have_count(3)
        expect(page.locator("#document pre")).to_contain_text("await out.write(token)")
        expect(page.locator("#document td").first).to_have_text("the connection of a reader")
        expect(page.locator("#document")).not_to_contain_text("**")

        page.get_by_label("Question").fill("And then?")
        page.get_by_role("button", name="Ask").click()
        page.get_by_role("button", name="Stop").click()
        expect(page.locator("#state")).to_have_text("stopped")
        assert running.logged("the reader has stopped the answer")


class _Model(BaseHTTPRequestHandler):
    """Answers as OpenAI's address for chats does."""

    asked: dict[str, object]

    def do_POST(self) -> None:
        size = int(self.headers["Content-Length"])
        type(self).asked = {"path": self.path, **json.loads(self.rfile.read(size))}
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for delta in ({"role": "assistant"}, {"content": "Because "}, {"content": "*it* is."}):
            self.wfile.write(f"data: {json.dumps({'choices': [{'delta': delta}]})}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")

    def log_message(self, *_: object) -> None:
        """Log nothing."""


async def ask(chat: Chat, session_id: str) -> None:
    async with httpx.AsyncClient() as http:
        answer = await http.post(f"{chat.url}/questions", json={"session_id": session_id, "text": "Why?"})
    assert answer.status_code == 202


async def test_a_model_with_an_address_is_asked(service: RunningServer, session_id: str) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Model) as model:
        Thread(target=model.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{model.server_address[1]}/v1"
        with chat(service, MODEL_URL=url, MODEL_NAME="small") as running:
            async with connect(service.url, session_id, timeout=LIMIT_SECONDS) as connection:
                await ask(running, session_id)
                live = await connection.next_live()
                assert await live.read() == "<p>Because <em>it</em> is.</p>"
        model.shutdown()
    assert _Model.asked["path"] == "/v1/chat/completions"
    assert (_Model.asked["model"], _Model.asked["stream"]) == ("small", True)
    assert _Model.asked["messages"] == [{"role": "user", "content": "Why?"}]


async def test_a_model_that_fails_is_an_error_for_the_reader(service: RunningServer, session_id: str) -> None:
    with chat(service, MODEL_URL="http://127.0.0.1:1/v1") as running:
        async with connect(service.url, session_id, timeout=LIMIT_SECONDS) as connection:
            await ask(running, session_id)
            live = await (await connection.next_live()).wait_ended()
            assert live.end["code"] == "PRODUCER_FAILED"
        assert running.logged("the answer failed: http://127.0.0.1:1/v1")

"""The code of what is shown: it is copied whole, and what can run here shows the same."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from service.protocol.messages import ContentType
from tests.conftest import PROJECT, RunningServer
from tests.e2e.browser.samples import NAMED, stream_at_once
from tests.e2e.browser.test_live import sample_html
from tests.e2e.browser.visit import Visit
from tests.waiting import LIMIT_SECONDS
from tools.node import NODE

SAMPLE = NAMED["HTML"]
HTML = stream_at_once(SAMPLE.content, ContentType.HTML)
FRAMEWORKS = ["Plain page", "React", "Vue", "Svelte", "Tiptap", "Node", "Python"]


def code(visit: Visit, framework: str) -> str:
    """Copy the code of a framework."""
    visit.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    if visit.page.locator("#code").get_attribute("open") is None:
        visit.page.get_by_text("The code for this").click()
    visit.button(framework).click()
    visit.page.locator("#copy-code").click()
    expect(visit.button("Copied")).to_be_visible()
    copied: str = visit.page.evaluate("() => navigator.clipboard.readText()")
    return copied


@pytest.fixture
def shown(visit: Visit) -> Visit:
    """A page that shows a sample."""
    visit.button(SAMPLE.name).click()
    visit.is_complete()
    return visit


def output(command: list[str | Path], folder: Path, **environment: str) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=True,
    )
    return done.stdout


def test_there_is_code_for_each_framework(shown: Visit, server: RunningServer) -> None:
    shown.page.get_by_text("The code for this").click()
    for framework in FRAMEWORKS:
        shown.button(framework).click()
        expect(shown.button(framework)).to_have_attribute("aria-pressed", "true")
        text = shown.page.locator("#code-text").inner_text()
        assert server.url in text
        assert '"incremental"' in text


def test_the_code_for_python_prints_what_is_shown(shown: Visit, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(code(shown, "Python"))
    path = str(PROJECT / "clients/python/src")
    assert output([sys.executable, program], tmp_path, PYTHONPATH=path) == HTML


def test_the_code_for_node_prints_what_is_shown(shown: Visit, tmp_path: Path) -> None:
    program = tmp_path / "program.mjs"
    program.write_text(code(shown, "Node"))
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules/streaming-content-client").symlink_to(PROJECT / "clients/js")
    assert output([NODE, "--experimental-websocket", program], tmp_path) == HTML


@pytest.mark.parametrize("sample", ["HTML", pytest.param("Live", marks=pytest.mark.proof)])
def test_the_code_for_a_plain_page_shows_the_same(visit: Visit, server: RunningServer, sample: str) -> None:
    visit.button(sample).click()
    visit.has_streamed(3)
    text = code(visit, "Plain page")
    page = visit.page.context.new_page()
    page.goto(f"{server.url}/health")  # for its origin
    page.set_content(text)
    visit.is_complete()
    html = HTML if sample == SAMPLE.name else sample_html()
    expected = page.evaluate("html => new DOMParser().parseFromString(html, 'text/html').body.textContent", html)
    page.wait_for_function("text => document.querySelector('#answer').textContent === text", arg=expected)
    page.close()


def test_a_long_text_is_shortened_on_the_page_and_whole_in_the_copy(visit: Visit) -> None:
    visit.button("MEGA Complex HTML").click()
    visit.has_streamed(1)
    text = code(visit, "Python")
    assert json.dumps(NAMED["MEGA Complex HTML"].content, ensure_ascii=False) in text
    shown = visit.page.locator("#code-text").inner_text()
    assert len(shown) < 1500 < len(text)
    expect(visit.page.locator("#code-note")).to_have_text("The text is shortened here; the copy has all of it.")


@pytest.mark.parametrize("text", ["</script><b>out</b>", "</SCRIPT>", "<!-- <script> -->"])
def test_text_that_would_end_a_script_or_hide_its_end_does_neither(
    visit: Visit, server: RunningServer, text: str, tmp_path: Path
) -> None:
    visit.write(text)
    visit.choose(content_type="text")
    visit.button("Stream it").click()
    visit.is_complete()
    program = tmp_path / "program.py"
    program.write_text(code(visit, "Python"))
    assert output([sys.executable, program], tmp_path, PYTHONPATH=str(PROJECT / "clients/python/src")) == text
    written = code(visit, "Plain page")
    page = visit.page.context.new_page()
    page.goto(f"{server.url}/health")  # for its origin
    page.set_content(written)
    page.wait_for_function("text => document.querySelector('#answer').textContent === text", arg=text)
    assert page.locator("b").count() == 0
    page.close()

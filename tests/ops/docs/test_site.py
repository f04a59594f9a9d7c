"""``make docs``: a site without dead links that needs neither a server nor a network, and can be searched."""

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright

from tests.e2e.browser.visit import launch_chromium
from tests.ops.packaging.project import PROJECT
from tests.waiting import LIMIT_SECONDS

AXE = (PROJECT / "tests/e2e/node/node_modules/axe-core/axe.min.js").read_text()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    build(PROJECT / "mkdocs.yml", folder)
    return folder


def build(configuration: Path, folder: Path) -> str:
    """Build the site and return what MkDocs reports, which is nothing for a site without a fault."""
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "-f", str(configuration), "-d", str(folder)]
    variables = os.environ | {"PYTHONPATH": str(PROJECT), "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(
        command, cwd=PROJECT, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


class Html(HTMLParser):
    """The ids of a page, what it links to, and what it loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.ids |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "link" and given.get("rel") in {"stylesheet", "preconnect", "preload", "icon"}:
            self.loaded.append(given["href"])
        elif "src" in given:
            self.loaded.append(given["src"])


@cache
def html(path: Path) -> Html:
    return Html(path.read_text())


def pages(site: Path) -> list[Path]:
    return sorted(path for path in site.rglob("*.html") if path.name != "404.html")


def test_every_document_is_a_page(site: Path) -> None:
    documents = {path.relative_to(PROJECT / "docs").with_suffix(".html") for path in (PROJECT / "docs").rglob("*.md")}
    assert documents < {page.relative_to(site) for page in pages(site)}
    assert {"overview.html", "javascript.html", "python.html"} <= {page.name for page in pages(site)}


def test_every_link_leads_to_a_file_and_a_heading(site: Path) -> None:
    dead = []
    for page in pages(site):
        for link in html(page).links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            found = target.is_file() and (not parts.fragment or unquote(parts.fragment) in html(target).ids)
            if not found:
                dead.append(f"{page.relative_to(site)}: {link}")
    assert dead == []


def test_nothing_is_loaded_from_a_third_party(site: Path) -> None:
    for page in pages(site):
        for loaded in html(page).loaded:
            assert not urlsplit(loaded).netloc, f"{page.relative_to(site)}: {loaded}"
            assert (page.parent / urlsplit(loaded).path).is_file(), f"{page.relative_to(site)}: {loaded}"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = launch_chromium(playwright)
        yield chromium
        chromium.close()


@pytest.fixture
def offline(browser: Browser) -> Iterator[Page]:
    """A page of a browser without a network, which has asked for nothing but files at the end."""
    requests: list[str] = []

    def note(request: Request) -> None:
        requests.append(request.url)

    with browser.new_context(offline=True) as context:
        page = context.new_page()
        page.set_default_timeout(LIMIT_SECONDS * 1000)
        page.on("request", note)
        yield page
    assert [url for url in requests if urlsplit(url).scheme not in {"file", "blob", "data"}] == []


def test_the_search_finds_a_setting_without_a_server(site: Path, offline: Page) -> None:
    offline.goto((site / "index.html").as_uri())
    offline.get_by_placeholder("Search").fill("RESUME_TTL")
    offline.locator(".md-search-result__link[href*='configuration.html']").first.wait_for()


@pytest.mark.parametrize(
    ("name", "scheme"),
    [("tutorial/first-editor", "light"), ("tutorial/first-editor", "dark"), ("configuration", "light")],
)
def test_axe_finds_nothing_serious(site: Path, offline: Page, name: str, scheme: Literal["light", "dark"]) -> None:
    offline.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    offline.goto((site / f"{name}.html").as_uri())
    offline.evaluate(f"{AXE};0")
    found = offline.evaluate("axe.run()")["violations"]
    serious = [one for one in found if one["impact"] in {"serious", "critical"}]
    assert [(one["id"], one["nodes"][0]["html"]) for one in serious] == []


def test_diagrams_are_drawn_without_a_network(site: Path, offline: Page) -> None:
    offline.goto((site / "architecture.html").as_uri())
    offline.wait_for_function("document.querySelectorAll('div.mermaid').length === 3")
    assert offline.locator("pre.mermaid").count() == 0

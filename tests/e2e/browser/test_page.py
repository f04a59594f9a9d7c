"""The content, accessibility and security policy of the page."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.conftest import PROJECT, RunningServer
from tests.e2e.browser.conftest import StartVisit
from tests.e2e.browser.pictures import SCHEMES, SCREENS, path_of
from tests.e2e.browser.samples import NAMED
from tests.e2e.browser.visit import NARROW, WIDE, Scheme, Visit, open_visit

AXE = (PROJECT / "tests/e2e/node/node_modules/axe-core/axe.min.js").read_text()

KEPT_MESSAGES = 300


def serious(page: Page) -> list[str]:
    """Return the accessibility violations that axe rates serious or worse."""
    page.evaluate(f"() => {{ {AXE} }}")
    found: dict[str, Any] = page.evaluate("() => axe.run()")
    return [
        f"{violation['id']}: {node['html'][:200]} {node['failureSummary'][:300]}"
        for violation in found["violations"]
        if violation["impact"] in {"serious", "critical"}
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_axe_finds_no_serious_problem(
    start_visit: StartVisit, server: RunningServer, scheme: Scheme, viewport: ViewportSize
) -> None:
    visit = start_visit(server, scheme=scheme, viewport=viewport)
    visit.write("x" * 100_001)
    visit.button("Stream it").click()
    expect(visit.page.get_by_role("alert")).to_contain_text("CONTENT_TOO_LARGE")
    assert serious(visit.page) == []
    visit.choose(speed="slow")
    for name in ("Complex HTML", "Colours and Styles", "MEGA Complex HTML"):
        visit.button(name).click()
        visit.has_streamed(3)
        visit.button("Skip").click()
        visit.is_complete()
        assert serious(visit.page) == []


def test_the_figures_of_a_stream_are_shown(visit: Visit) -> None:
    visit.button("HTML").click()
    visit.is_complete()
    figures = visit.page.locator("#figures")
    for figure in (r"First chunk[\d.]+ ms", "Chunks87 of 87", r"Median gap[\d.]+ ms", r"Preparation[\d.]+ ms"):
        expect(figures).to_contain_text(re.compile(figure))
    expect(visit.page.locator("#chart")).to_have_attribute(
        "aria-label", re.compile(r"Pace 30 ms; median gap [\d.]+ ms, 95 % below [\d.]+ ms, longest [\d.]+ ms\.")
    )
    assert visit.page.locator("#chart .bars").evaluate("bars => bars.getAttribute('d').length") > 100
    expect(visit.page.locator("#session")).to_contain_text("99 of 100")


def test_the_trace_id_can_be_copied(visit: Visit) -> None:
    visit.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visit.button("Plain Text").click()
    visit.is_complete()
    visit.button("Copy").click()
    expect(visit.button("Copied")).to_be_visible()
    trace = visit.page.evaluate("() => navigator.clipboard.readText()")
    assert re.fullmatch("[0-9a-f]{32}", trace)
    expect(visit.page.locator("#trace")).to_have_text(trace)


def test_a_file_is_streamed_with_the_content_type_of_its_name(visit: Visit, tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    path.write_text("# Notes\n\nThey are **short**.")
    visit.page.locator("#own-file").set_input_files(path)
    visit.button("Stream it").click()
    visit.is_complete()
    assert [node["type"] for node in visit.content()] == ["heading", "paragraph"]
    assert visit.start()["contentType"] == "markdown"


def test_the_log_keeps_the_latest_messages_and_expands_them(visit: Visit) -> None:
    ping = "count => Promise.all(Array.from({ length: count }, () => streaming().client.ping()))"
    visit.page.evaluate(ping, KEPT_MESSAGES)
    expect(visit.page.locator("#log > li")).to_have_count(KEPT_MESSAGES)
    visit.choose(speed="slow")
    visit.button("Emoji").click()
    visit.has_streamed(3)
    visit.button("Cancel").click()
    visit.page.get_by_label("chunks", exact=True).uncheck()
    newest = visit.page.locator("#log > li.stream_cancelled")
    expect(newest).to_be_visible()
    newest.get_by_role("button").click()
    assert json.loads(newest.locator("pre").inner_text())["type"] == "stream_cancelled"
    expect(visit.page.locator("#log > li.chunk").first).to_be_hidden()


def test_the_theme_switch_overrides_the_system_and_is_stored(visit: Visit) -> None:
    def ground() -> str:
        colour: str = visit.page.evaluate("() => getComputedStyle(document.body).backgroundColor")
        return colour

    light = ground()
    visit.button("Theme: system").click()
    assert ground() == light
    visit.button("Theme: light").click()
    dark = ground()
    assert dark != light
    visit.page.reload()
    expect(visit.button("Theme: dark")).to_be_visible()
    assert ground() == dark


def test_a_reloaded_page_continues_its_session(visit: Visit) -> None:
    visit.button("Plain Text").click()
    visit.is_complete()
    visit.page.reload()
    expect(visit.page.locator("#session")).to_contain_text("99 of 100")


def test_the_page_does_not_scroll_sideways(visit: Visit) -> None:
    visit.choose(speed="slow")
    visit.button("MEGA Complex HTML").click()
    visit.has_streamed(3)
    visit.button("Skip").click()
    visit.is_complete()
    for width in (1440, 1020, 768, 640, 390, 320):
        visit.page.set_viewport_size({"width": width, "height": 800})
        assert visit.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), width
        assert visit.page.locator("#paper").evaluate("paper => paper.scrollWidth <= paper.clientWidth"), width


def test_the_tab_key_moves_from_the_samples_through_the_controls_to_the_document(visit: Visit) -> None:
    visit.button("Plain Text").click()
    visit.is_complete()
    visit.page.evaluate("() => document.activeElement.blur()")
    visit.button("Live").focus()
    focused = "() => document.activeElement.ariaLabel || document.activeElement.textContent"
    stops: list[str] = []
    while "Document" not in stops:
        visit.page.keyboard.press("Tab")
        stops.append(visit.page.evaluate(focused))
        assert len(stops) < 20, stops
    named = [stop.split("\n")[0].strip() for stop in stops]
    assert named[0] == "Your own text or file"
    assert named[-3:] == ["Again", "Clear", "Document"]


def test_the_policy_blocks_a_foreign_script(browser: Browser, server: RunningServer) -> None:
    """Shows that a violation of the policy would be reported in the other tests."""
    with open_visit(browser, server) as visit:
        visit.page.evaluate(
            "() => document.body.append(Object.assign(document.createElement('script'), { textContent: 'broken = 1' }))"
        )
        expect(visit.page.locator("body")).to_be_visible()
        assert visit.page.evaluate("() => typeof broken") == "undefined"
        assert any("policy script-src" in fault for fault in visit.faults)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("screen", SCREENS)
def test_the_documents_have_screenshots(screen: str, scheme: Scheme) -> None:
    with Image.open(path_of(screen, scheme)) as picture:
        assert picture.size[0] == SCREENS[screen]["width"], "draw it anew: python -m tests.e2e.browser.pictures"


def test_every_sample_has_a_file_and_every_file_a_sample() -> None:
    assert {sample.path for sample in NAMED.values()} == set((PROJECT / "clients/page/samples").iterdir())

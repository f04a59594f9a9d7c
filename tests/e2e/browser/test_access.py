"""The page by keyboard, by screen reader, in forced colours, from right to left, and on the narrowest screens."""

import pytest
from playwright.sync_api import expect

from tests.conftest import RunningServer
from tests.e2e.browser.conftest import StartVisit
from tests.e2e.browser.test_page import serious
from tests.e2e.browser.visit import NARROW, WIDE, Scheme, Visit


def in_each_state(visit: Visit) -> None:
    """Check the states that a reader meets: two documents, the code, a cut, what was replaced."""
    visit.choose(view="two", speed="slow")
    visit.button("Colours and Styles").click()
    visit.has_streamed(3)
    visit.page.get_by_text("The code for this").click()
    visit.button("Vue").click()
    visit.button("Pause").click()
    expect(visit.state).to_contain_text("Paused")
    visit.cut_line()
    expect(visit.page.locator("#proof")).to_be_visible()
    assert serious(visit.page) == []
    visit.repair_line()
    expect(visit.state).to_contain_text("Paused")  # a pause outlives the cut
    visit.button("Skip").click()
    visit.is_complete()
    expect(visit.page.locator("#proof")).to_contain_text("Not a character is missing")
    assert serious(visit.page) == []
    visit.button("Hebrew").click()
    visit.has_streamed(3)
    visit.button("Skip").click()
    visit.is_complete()
    visit.button("Undo").click()
    expect(visit.button("Redo")).to_be_visible()
    assert serious(visit.page) == []


@pytest.mark.parametrize(
    ("scheme", "viewport"),
    [pytest.param("light", NARROW, marks=pytest.mark.proof), ("dark", WIDE)],
    ids=["narrow", "wide"],
)
def test_axe_finds_no_serious_problem_in_any_state(
    start_visit: StartVisit, server: RunningServer, scheme: Scheme, viewport: dict[str, int]
) -> None:
    visit = start_visit(server, scheme=scheme, viewport=viewport)
    in_each_state(visit)
    assert visit.faults == []


def test_forced_colours_show_what_is_pressed(start_visit: StartVisit, server: RunningServer) -> None:
    visit = start_visit(server, forced_colors="active")
    visit.button("HTML").click()
    visit.is_complete()
    ground = "button => getComputedStyle(button).backgroundColor"
    pressed, other = visit.button("HTML").evaluate(ground), visit.button("Markdown").evaluate(ground)
    assert pressed != other
    assert serious(visit.page) == []


def test_the_narrowest_screen_does_not_scroll_sideways(start_visit: StartVisit, server: RunningServer) -> None:
    visit = start_visit(server, viewport={"width": 320, "height": 640}, address="view=two&code=python&play=off")
    visit.button("Hebrew").click()
    visit.is_complete()
    visit.cut_line()
    assert visit.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    visit.repair_line()
    for name in ("#paper", "#beside-document", "#transport"):
        assert visit.page.locator(name).evaluate("element => element.scrollWidth <= element.clientWidth"), name


@pytest.mark.parametrize("sample", ["Arabic", "Hebrew"])
def test_each_paragraph_is_read_from_its_own_side(visit: Visit, sample: str) -> None:
    visit.choose(view="two")
    visit.button(sample).click()
    visit.is_complete()
    expect(visit.page.locator("#beside-document")).to_have_attribute("aria-busy", "false")
    first_character_is_right = """element => {
      const text = document.createTreeWalker(element, NodeFilter.SHOW_TEXT).nextNode();
      const range = document.createRange();
      range.setStart(text, 0);
      range.setEnd(text, 1);
      const box = element.getBoundingClientRect();
      return range.getBoundingClientRect().left > (box.left + box.right) / 2;
    }"""
    for document in (visit.document, visit.page.locator("#beside-document")):
        for selector in ("h1, h2", "p", "li", "blockquote", "th"):
            assert document.locator(selector).first.evaluate(first_character_is_right), selector
        assert not document.get_by_text("A paragraph in English").evaluate(first_character_is_right)


def test_a_screen_reader_hears_what_happens(visit: Visit) -> None:
    """Each change once, politely, and not each chunk."""
    visit.page.evaluate(
        """() => {
          globalThis.heard = [];
          for (const region of document.querySelectorAll("[role=status]"))
            new MutationObserver(() => {
              const text = region.textContent.trim();
              if (text && text !== heard.at(-1)) heard.push(text);
            }).observe(region, { childList: true, characterData: true, subtree: true });
        }"""
    )
    visit.choose(speed="slow")
    visit.button("Table").click()
    paper = visit.page.locator("#paper")
    visit.has_streamed(2)
    expect(paper).to_have_attribute("aria-busy", "true")
    visit.button("Pause").click()
    expect(visit.state).to_contain_text("Paused")
    expect(paper).to_have_attribute("aria-busy", "false")
    visit.button("Resume").click()
    expect(visit.state).to_contain_text("Streaming")
    visit.cut_line()
    visit.repair_line()
    expect(visit.state).to_contain_text("Streaming")
    visit.button("Skip").click()
    visit.is_complete()
    expect(visit.page.locator("#proof")).to_contain_text("Not a character is missing")
    heard: list[str] = visit.page.evaluate("() => heard")
    places = [
        next(place for place, text in enumerate(heard) if text.startswith(expected))
        for expected in (
            "Table streams.",
            "Paused.",
            "The text goes on.",
            "The connection was lost.",
            "Connected again.",
            "The text is complete.",
        )
    ]
    assert places == sorted(places)
    assert len(heard) < 25, heard


def test_the_document_is_left_by_a_key_and_every_control_is_reached_by_tab(visit: Visit) -> None:
    visit.document.focus()
    visit.page.keyboard.press("Escape")
    reached: set[str] = set()
    for _ in range(40):
        visit.page.keyboard.press("Tab")
        reached.add(visit.page.evaluate("() => document.activeElement.id || document.activeElement.localName"))
    assert {"clear", "code-summary", "new-session", "token", "log-clear", "log"} - reached == set()

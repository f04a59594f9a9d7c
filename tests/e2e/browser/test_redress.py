"""In a real browser, no style lets content cover what is outside its container, which hides no overflow."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from service.content.html.policy import POLICIES, Policy
from service.content.html.sanitise import sanitise_html
from service.content.rules import DEFAULT_RULES, ContentRules
from tests.conftest import PROJECT
from tests.e2e.browser.redress import CASES, IMAGES, WIDE_TEXT
from tests.e2e.browser.visit import WIDE

_PAGE = """<!DOCTYPE html>
<style>
  * { box-sizing: content-box }
  body { margin: 0 }
  #above, #left { height: 300px }
  #content { width: 600px; height: 200px; margin-left: 400px }
  button { margin-left: 400px; width: 600px; height: 100px }
</style>
<div id="above"></div><div id="content"></div><button>Delete</button>
"""
_DOCUMENTED_STYLE = re.search(r"(?<=```css\n)[^`]+", (PROJECT / "docs/content.md").read_text())
_TOLERANCE_PX = 4.0
"""The letters of the largest font are higher than a line of its size; so is text with a border of one pixel."""
_MEASURE = """
(cases) => cases.map((html) => {
  const content = document.querySelector("#content"), button = document.querySelector("button");
  content.innerHTML = html;
  const box = content.getBoundingClientRect(), reach = [0, 0, 0, 0];
  for (const element of content.querySelectorAll("a, a *"))
    for (const { left, top, right, bottom } of element.getClientRects())
      [box.top - top, right - box.right, bottom - box.bottom, box.left - left].forEach(
        (beyond, side) => (reach[side] = Math.max(reach[side], beyond)));
  const covered = [];
  for (let x = 5; x < innerWidth; x += 60)
    for (let y = 5; y < innerHeight; y += 60) {
      const inside = x >= box.left - 2 && x <= box.right + 2 && y >= box.top - 2 && y <= box.bottom + 2;
      const hit = document.elementFromPoint(x, y);
      if (!inside && y < box.bottom && hit !== content && content.contains(hit)) covered.push([x, y]);
    }
  const { left, top } = button.getBoundingClientRect();
  const free = [5, 50, 300, 590].every((x) => document.elementFromPoint(left + x, top + 5) === button);
  const below = reach.splice(2, 1)[0];
  return { reach: Math.max(...reach), below, covered: covered.length, free };
})
"""


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=WIDE)
    opened = context.new_page()
    opened.set_content(_PAGE)
    yield opened
    context.close()


def measured(page: Page, cases: Sequence[str]) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = page.evaluate(_MEASURE, cases)
    return results


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
def test_no_style_covers_what_is_outside_the_content(page: Page, policy: Policy) -> None:
    rules = ContentRules(policy=policy)
    shown = [sanitise_html(case, rules, 10**6).html for case in CASES + IMAGES]
    for html, result in zip(shown, measured(page, shown), strict=True):
        assert result["reach"] <= _TOLERANCE_PX, html
        assert result["below"] <= _TOLERANCE_PX or "<img" in html, html
        assert (result["covered"], result["free"]) == (0, True), html


def test_the_documented_styles_of_a_page_limit_text(page: Page) -> None:
    shown = [sanitise_html(case, DEFAULT_RULES, 10**6).html for case in WIDE_TEXT]
    assert sum(bool(result["covered"] or not result["free"]) for result in measured(page, shown)) > len(shown) / 2
    assert _DOCUMENTED_STYLE is not None
    style = page.add_style_tag(content=_DOCUMENTED_STYLE[0].replace(".content", "#content"))
    assert {(result["covered"], result["free"]) for result in measured(page, shown)} == {(0, True)}
    style.evaluate("(element) => element.remove()")


def test_the_styles_as_sent_cover_it(page: Page) -> None:
    results = measured(page, CASES)
    assert sum(max(result["reach"], result["below"]) > _TOLERANCE_PX for result in results) > len(CASES) / 3

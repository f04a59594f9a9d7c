"""In a real browser, no attack runs a script, and what it becomes is read again as it was."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from service.content.html.policy import POLICIES
from service.content.html.sanitise import sanitise_html
from service.content.markdown.convert import markdown_to_html
from service.content.rules import ContentRules
from tests.e2e.browser.visit import WIDE
from tests.unit.content.attacks import ATTACKS

_PAGE = """<!DOCTYPE html>
<script>
  window.ran = [];
  window.alert = (...values) => window.ran.push(window.shown ?? "?");
</script>
<div id="content"></div><div id="again"></div>
"""
_SHOW = r"""
async (cases) => {
  const content = document.querySelector("#content"), again = document.querySelector("#again");
  const found = [];
  for (const html of cases) {
    window.shown = html;
    content.innerHTML = html;
    // A browser writes a "pre" without the line end that it does not read.
    again.innerHTML = content.innerHTML.replaceAll(/(<pre(?: [^>]*)?>)\n/g, "$1\n\n");
    if (content.innerHTML !== again.innerHTML) found.push(["not stable", html]);
    for (const element of content.querySelectorAll("*")) {
      if (element.namespaceURI !== "http://www.w3.org/1999/xhtml") found.push(["namespace", html]);
      if (/^(script|style|iframe|object|embed|form|base|meta|link|template)$/i.test(element.localName))
        found.push(["element", html]);
      for (const { name } of element.attributes)
        if (/^(on|src(doc|set)$|id$|name$)/i.test(name)) found.push([name, html]);
      if (element.protocol === "javascript:") found.push(["address", html]);
    }
    for (const element of content.querySelectorAll("*"))
      for (const type of ["click", "mouseover", "focus", "toggle"])
        if (type !== "click" || element.localName !== "a") element.dispatchEvent(new Event(type, { bubbles: true }));
  }
  await new Promise((resolve) => {
    const last = new Image();
    last.onerror = resolve;
    last.src = "data:image/png;base64,AA==";
    content.append(last);
  });
  return [...found, ...window.ran.map((html) => ["ran", html])];
}
"""
RULES = tuple(ContentRules(policy=policy) for policy in POLICIES.values())


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=WIDE, offline=True)
    opened = context.new_page()
    opened.set_content(_PAGE)
    yield opened
    context.close()


@pytest.mark.parametrize("family", ATTACKS)
def test_no_attack_runs_in_a_browser(page: Page, family: str) -> None:
    sources = [source for attack in ATTACKS[family] for source in (attack, markdown_to_html(attack))]
    shown = list(dict.fromkeys(sanitise_html(source, rules, 10**6).html for source in sources for rules in RULES))
    assert page.evaluate(_SHOW, shown) == []


def test_an_attack_runs_without_sanitising(page: Page) -> None:
    found = page.evaluate(_SHOW, ["<img src=x onerror=alert(1)>", "<p><table><a>x</table>", "<svg></svg>"])
    kinds = {kind for kind, _ in found}
    assert {"ran", "onerror", "namespace"} <= kinds
    page.evaluate("() => { window.ran = [] }")

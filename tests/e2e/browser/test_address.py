"""What plays on load, what an address asks for, and what the page remembers."""

import pytest
from playwright.sync_api import expect

from tests.conftest import RunningServer
from tests.e2e.browser.conftest import StartVisit
from tests.e2e.browser.samples import NAMED
from tests.e2e.browser.visit import Visit


def fragment(visit: Visit) -> str:
    text: str = visit.page.evaluate("() => location.hash")
    return text


def plays_nothing(visit: Visit) -> None:
    """Wait until it would have begun: what plays by itself does when the round trip has been measured."""
    expect(visit.page.locator("#connection")).to_contain_text("round trip")
    assert visit.page.evaluate("() => streaming().stream") is None


def test_something_streams_on_load(start_visit: StartVisit, server: RunningServer) -> None:
    visit = start_visit(server, address="")
    visit.has_streamed(5)
    expect(visit.button("Welcome")).to_have_attribute("aria-pressed", "true")
    visit.button("Skip").click()
    visit.is_complete()
    expect(visit.document.locator("h1")).to_have_text("This text is streaming")
    assert visit.faults == []


def test_nothing_moves_by_itself_for_a_reader_who_prefers_less_motion(
    start_visit: StartVisit, server: RunningServer
) -> None:
    visit = start_visit(server, address="sample=html", reduced_motion="reduce")
    plays_nothing(visit)
    visit.button("Again").click()  # what the address asked for
    visit.is_complete()
    expect(visit.button("HTML")).to_have_attribute("aria-pressed", "true")


def test_an_address_shows_what_it_names(start_visit: StartVisit, server: RunningServer) -> None:
    visit = start_visit(server, address="sample=table&speed=fast&mode=fragment&split=sentence&view=two&code=python")
    visit.is_complete()
    metadata = visit.start()["metadata"]
    assert metadata["speed_used"] == "fast"
    for name, value in {"speed": "fast", "html_mode": "fragment", "chunk_by": "sentence", "view": "two"}.items():
        expect(visit.page.locator(f"select[name={name}]")).to_have_value(value)
    expect(visit.page.locator("#code-text")).to_contain_text("asyncio.run(main())")
    expect(visit.page.locator("#beside-document table")).to_be_visible()
    assert visit.faults == []


def test_the_address_follows_what_is_chosen_and_a_link_shows_the_same(
    start_visit: StartVisit, server: RunningServer
) -> None:
    visit = start_visit(server, address="")
    visit.has_streamed(1)
    visit.choose(speed="superfast", html_mode="fragment")
    visit.button("Lists").click()
    visit.is_complete()
    assert fragment(visit) == "#sample=lists&speed=superfast&mode=fragment"
    other = start_visit(server, address=fragment(visit).removeprefix("#"))
    other.is_complete()
    assert other.content() == visit.content()
    assert fragment(other) == fragment(visit)


def test_another_address_in_the_same_tab_shows_that(visit: Visit) -> None:
    visit.page.evaluate("() => void (location.hash = 'sample=emoji')")
    visit.is_complete()
    assert visit.text() == NAMED["Emoji"].content
    visit.page.evaluate("() => void (location.hash = 'sample=plain-text&speed=superfast')")
    visit.page.wait_for_function("text => editor.getText() === text", arg=NAMED["Plain Text"].content)
    visit.is_complete()
    visit.page.evaluate("() => void (location.hash = 'sample=unknown&speed=slow')")
    expect(visit.page.locator("select[name=speed]")).to_have_value("slow")
    assert visit.text() == NAMED["Plain Text"].content


def test_the_link_to_the_editor_keeps_the_address(visit: Visit) -> None:
    visit.button("Emoji").click()
    visit.is_complete()
    before = visit.page.url
    visit.page.locator(".skip-link").focus()
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_url(before)
    assert visit.text() == NAMED["Emoji"].content
    visit.page.keyboard.press("Tab")
    expect(visit.document).to_be_focused()


@pytest.mark.parametrize("stored", ["no JSON", '{"speed": {"a": 1}, "view": 3}'])
def test_what_is_stored_by_others_does_no_harm(visit: Visit, stored: str) -> None:
    visit.page.evaluate(
        """text => {
          for (const key of ["choices", "code", "theme"]) localStorage.setItem(`streaming-${key}`, text);
          for (const key of ["shown", "content", "session"]) sessionStorage.setItem(`streaming-${key}`, text);
        }""",
        stored,
    )
    visit.page.reload()
    visit.connected()
    expect(visit.page.locator("#theme")).to_have_text("Theme: system")
    visit.button("Plain Text").click()
    visit.is_complete()
    assert visit.text() == NAMED["Plain Text"].content


FULL = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };"
FORBIDDEN = """
for (const name of ["localStorage", "sessionStorage"])
  Object.defineProperty(globalThis, name, { get() { throw new DOMException("forbidden", "SecurityError"); } });
"""


@pytest.mark.parametrize("storage", [FULL, FORBIDDEN], ids=["full", "forbidden"])
def test_a_page_that_can_store_nothing_works(visit: Visit, storage: str) -> None:
    visit.page.add_init_script(storage)
    visit.page.reload()
    visit.connected()
    visit.choose(speed="superfast")
    visit.page.locator("#theme").click()
    expect(visit.page.locator("#theme")).to_have_text("Theme: light")
    visit.page.get_by_text("The code for this").click()
    visit.button("Plain Text").click()
    visit.is_complete()
    assert visit.text() == NAMED["Plain Text"].content
    assert visit.start()["metadata"]["speed_used"] == "superfast"


@pytest.mark.parametrize(
    "address", ["sample=nothing&speed=never&mode=%00&play=off", "%E0%A4%A=&&=x", "text=" + "x" * 5000]
)
def test_an_address_that_makes_no_sense_does_no_harm(
    start_visit: StartVisit, server: RunningServer, address: str
) -> None:
    visit = start_visit(server, address=address)
    visit.button("Plain Text").click()
    visit.is_complete()
    assert visit.text() == NAMED["Plain Text"].content
    assert visit.faults == []


def test_a_link_with_a_text_fills_it_in_and_waits(start_visit: StartVisit, server: RunningServer) -> None:
    """What others wrote into a link does not appear by itself."""
    first = start_visit(server)
    first.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    first.write("Mine & <b>yours</b>")
    first.button("Stream it").click()
    first.is_complete()
    assert "Mine" not in fragment(first)
    first.button("Copy link").click()
    expect(first.page.locator("#share")).to_have_text("Copied")
    link: str = first.page.evaluate("() => navigator.clipboard.readText()")
    visit = start_visit(server, address=link.partition("#")[2])
    plays_nothing(visit)
    expect(visit.page.get_by_label("Text, HTML or Markdown")).to_have_value("Mine & <b>yours</b>")


def test_settings_are_remembered_and_an_address_is_not(visit: Visit) -> None:
    visit.choose(speed="slow")
    visit.page.locator("input[name=play]").check()
    visit.page.locator("input[name=play]").uncheck()
    base = visit.page.url.partition("#")[0]
    visit.page.goto(f"{base}#sample=plain-text&speed=superfast")  # for this once
    visit.page.reload()
    visit.is_complete()
    visit.page.goto("about:blank")
    visit.page.goto(base)
    visit.connected()
    plays_nothing(visit)
    expect(visit.page.locator("select[name=speed]")).to_have_value("slow")

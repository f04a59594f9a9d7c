"""The page with a token: it is kept nowhere, replaced in mid-stream without a lost chunk, and not tried in a loop."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from service.asyncapi.conversations import WITH_TOKENS
from tests.conftest import RunningServer, stop_cleanly
from tests.e2e.browser.conftest import StartVisit
from tests.e2e.browser.visit import Visit
from tests.integration.access.users import token

WORDS = "".join(f"word{index} " for index in range(100)).strip()
"""Ten seconds at the speed ``normal``."""


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    settings = {"DRAIN_SECONDS": 0, "AUTH_TIMEOUT": 2, **WITH_TOKENS}
    running = RunningServer(tmp_path_factory.mktemp("guarded"), settings)
    yield running
    stop_cleanly(running)


class Sockets:
    """The WebSockets that the page opens from now on."""

    def __init__(self, visit: Visit) -> None:
        self.urls: list[str] = []
        visit.page.on("websocket", lambda socket: self.urls.append(socket.url))


def stream(visit: Visit) -> None:
    visit.choose(speed="normal", content_type="text")
    visit.write(WORDS)
    visit.button("Stream it").click()


def test_the_field_takes_a_token_that_is_kept_nowhere(guarded: RunningServer, start_visit: StartVisit) -> None:
    secret = token()
    visit = start_visit(guarded, token=secret)
    sockets = Sockets(visit)
    visit.button("Plain Text").click()
    visit.is_complete()
    expect(visit.page.locator("#session")).to_contain_text("Token until")
    kept = "() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href])"
    assert secret not in visit.page.evaluate(kept)
    visit.page.locator("#log > li.auth").get_by_role("button").click()
    assert secret not in visit.page.content()
    assert secret not in str(guarded.log)
    visit.page.reload()
    expect(visit.page.get_by_label("Token")).to_have_value("")
    expect(visit.page.get_by_role("alert")).to_contain_text("UNAUTHENTICATED")
    assert len(sockets.urls) == 1, "a refused page connects once"
    assert [url for url in sockets.urls if secret in url] == []
    assert visit.faults == []


def sign_in_until(visit: Visit, seconds: float) -> float:
    """Connect with a token that ends after so long; return when, in epoch seconds."""
    ends_at = time.time() + seconds
    visit.sign_in(token(seconds=seconds))
    return ends_at


def test_a_token_that_ends_in_mid_stream_is_replaced_without_a_lost_chunk(
    guarded: RunningServer, start_visit: StartVisit
) -> None:
    visit = start_visit(guarded, token=token())
    sockets = Sockets(visit)
    ends_at = sign_in_until(visit, 6)
    visit.page.get_by_label("Token").fill(token())  # the page asks for it before the first one ends
    stream(visit)
    visit.is_complete()
    assert time.time() > ends_at
    assert visit.text() == WORDS
    assert visit.page.evaluate("() => streaming().stream.received === streaming().stream.start.totalChunks")
    expect(visit.page.locator("#log > li.auth_refresh")).to_have_count(1)
    expect(visit.page.locator("#log > li.auth_refreshed")).to_have_count(1)
    assert not [line for line in visit.timings if "broken" in line]
    assert len(sockets.urls) == 1
    expect(visit.page.locator("#session")).to_contain_text("99 of 100")
    assert visit.faults == []


def test_a_token_that_is_not_replaced_ends_the_connection_without_a_loop(
    guarded: RunningServer, start_visit: StartVisit
) -> None:
    visit = start_visit(guarded, token=token())
    sockets = Sockets(visit)
    sign_in_until(visit, 5)
    stream(visit)
    alert = visit.page.get_by_role("alert")
    expect(alert).to_contain_text("TOKEN_EXPIRED")
    assert visit.page.evaluate("() => streaming().stream.received") > 0
    assert visit.page.evaluate("() => streaming().client.state") == "idle"
    assert len(sockets.urls) == 2, "one try with the next token, which is the same"
    visit.sign_in(token())
    visit.connected()
    expect(alert).to_be_hidden()
    visit.button("Plain Text").click()
    visit.is_complete()
    assert visit.faults == []


def test_a_page_that_only_waits_does_not_reconnect_with_a_token_that_has_ended(
    guarded: RunningServer, start_visit: StartVisit
) -> None:
    visit = start_visit(guarded, token=token())
    sockets = Sockets(visit)
    sign_in_until(visit, 2)
    expect(visit.page.get_by_role("alert")).to_contain_text("TOKEN_EXPIRED")
    assert visit.page.evaluate("() => streaming().client.state") == "idle"
    assert len(sockets.urls) == 2
    assert visit.faults == []

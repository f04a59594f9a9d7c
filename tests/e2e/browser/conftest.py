"""One Chromium for all; each test has a context of its own, as if it were the first visit."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.conftest import RunningServer
from tests.e2e.browser.visit import Visit, launched, visited

# No wider than this package: for as long as it lives, an event loop of Playwright's runs in this thread.


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = launched(playwright)
        yield chromium
        chromium.close()


StartVisit = Callable[..., Visit]


@pytest.fixture
def start_visit(browser: Browser) -> Iterator[StartVisit]:
    """Opens the page of a server: ``start_visit(server, viewport=NARROW)``. It must have no fault at the end."""
    with ExitStack() as visits:

        def start(server: RunningServer, **options: object) -> Visit:
            return visits.enter_context(visited(browser, server, **options))  # type: ignore[arg-type]  # visited's

        yield start


@pytest.fixture
def visit(start_visit: StartVisit, server: RunningServer) -> Iterator[Visit]:
    """The page of the server with the default settings; a visit leaves no fault behind."""
    opened = start_visit(server)
    yield opened
    assert opened.faults == []

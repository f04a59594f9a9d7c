"""One Chromium for all tests; each test has a context of its own, as on a first visit."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.conftest import RunningServer
from tests.e2e.browser.visit import Visit, launch_chromium, open_visit

# Of this package only: while it exists, an event loop of Playwright runs in this thread.


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = launch_chromium(playwright)
        yield chromium
        chromium.close()


StartVisit = Callable[..., Visit]


@pytest.fixture
def start_visit(browser: Browser) -> Iterator[StartVisit]:
    """Opens the page of a server: ``start_visit(server, viewport=NARROW)``. The page must have no fault at the end."""
    with ExitStack() as visits:

        def start(server: RunningServer, **options: object) -> Visit:
            return visits.enter_context(open_visit(browser, server, **options))  # type: ignore[arg-type]  # open_visit's

        yield start


@pytest.fixture
def visit(start_visit: StartVisit, server: RunningServer) -> Iterator[Visit]:
    """The page of a server with the default settings, which must have no fault at the end."""
    opened = start_visit(server)
    yield opened
    assert opened.faults == []

"""Swagger UI under its policy: the page works, and requests files of the service only."""

from playwright.sync_api import Browser, ConsoleMessage

from tests.conftest import RunningServer
from tests.waiting import LIMIT_SECONDS


def test_the_api_docs_work_under_their_policy(browser: Browser, server: RunningServer) -> None:
    context = browser.new_context()
    try:
        page = context.new_page()
        complaints: list[str] = []
        asked: list[str] = []

        def heard(message: ConsoleMessage) -> None:
            if message.type in {"error", "warning"}:
                complaints.append(message.text)

        page.on("console", heard)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.set_default_timeout(LIMIT_SECONDS * 1000)
        page.goto(f"{server.url}/docs")
        page.locator("#operations-default-root__get .opblock-summary-control").click()
        page.get_by_role("button", name="Try it out").click()
        page.get_by_role("button", name="Execute").click()
        page.locator(".live-responses-table .response-col_status", has_text="200").wait_for()
        assert complaints == []
        assert {url for url in asked if not url.startswith((server.url, "data:"))} == set()
    finally:
        context.close()

"""``python -m tests.e2e.browser.pictures``: take the screenshots of the page in docs/pictures.

After a cut, in two documents; and in forced colours, with content from right to left.
"""

import tempfile
from itertools import product
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.conftest import PROJECT, RunningServer
from tests.e2e.browser.visit import NARROW, WIDE, Scheme, launch_chromium, open_visit

FOLDER = PROJECT / "docs/pictures"
SCREENS = {"wide": WIDE, "narrow": NARROW}
SCHEMES: tuple[Scheme, ...] = ("light", "dark")


def path_of(screen: str, scheme: Scheme) -> Path:
    return FOLDER / f"websocket-test-{screen}-{scheme}.png"


def draw() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = RunningServer(Path(folder), {"DRAIN_SECONDS": 0})
        browser = launch_chromium(playwright)
        for screen, scheme in product(SCREENS, SCHEMES):
            with open_visit(browser, server, SCREENS[screen], scheme) as visit:
                visit.button("MEGA Complex HTML").click()
                visit.is_complete()
                visit.page.locator("#paper").evaluate("paper => paper.scrollTo(0, 0)")
                visit.page.screenshot(path=path_of(screen, scheme), full_page=True)
        with open_visit(browser, server, address="play=off&view=two") as visit:
            visit.button("Complex HTML").click()
            visit.has_streamed(40)
            visit.button("Cut the line").click()
            visit.is_complete()
            visit.page.locator("#proof.proven").wait_for()
            visit.page.screenshot(path=FOLDER / "websocket-test-cut.png")
        with open_visit(browser, server, address="play=off&view=two&code=react", forced_colors="active") as visit:
            visit.button("Arabic").click()
            visit.is_complete()
            visit.page.screenshot(path=FOLDER / "websocket-test-forced-colours.png", full_page=True)
        browser.close()
        server.stop()


if __name__ == "__main__":
    draw()

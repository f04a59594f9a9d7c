"""A visit to the test page in a real Chromium, which records errors of the page."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from playwright.sync_api import Browser, Locator, Page, Playwright, ViewportSize, expect

from tests.conftest import RunningServer

CHROMIUM = "/usr/bin/chromium"
"""Of Debian's package, which tests/servers.sh installs."""

PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)

SANDBOX = ["--no-sandbox"] if os.geteuid() == 0 else []
"""Chromium has none as root."""

WIDE: ViewportSize = {"width": 1440, "height": 1000}
NARROW: ViewportSize = {"width": 390, "height": 844}

QUIET = "play=off"
"""The address of a page on which nothing plays by itself."""

Scheme = Literal["light", "dark"]
Node = dict[str, Any]
"""A node of a ProseMirror document, as JSON."""

_REPORT_VIOLATIONS = """
addEventListener("securitypolicyviolation", (violation) =>
  console.error("policy", violation.effectiveDirective, violation.blockedURI, violation.sample));
"""


def launch_chromium(playwright: Playwright, *arguments: str) -> Browser:
    return playwright.chromium.launch(executable_path=CHROMIUM, args=[*SANDBOX, *arguments])


class Visit:
    """The page and the requests to it. ``faults`` contains every console error and every violation of the policy."""

    def __init__(self, page: Page, server: RunningServer, token: str = "", address: str = QUIET) -> None:
        """``token`` is for a service with authentication, ``address`` the part after ``#``."""
        self.page = page
        self.faults: list[str] = []
        self.timings: list[str] = []
        page.add_init_script(_REPORT_VIOLATIONS)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda line: self._log(line.type, line.text))
        page.goto(f"{server.url}/websocket-test#{address}")
        if token:
            self.sign_in(token)
        self.connected()

    @property
    def state(self) -> Locator:
        """Return the displayed state of the stream."""
        return self.page.locator("#stream-state")

    @property
    def document(self) -> Locator:
        return self.page.get_by_role("textbox", name="Document")

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def connected(self) -> None:
        expect(self.page.locator("#connection")).to_contain_text("Connected")

    def sign_in(self, token: str) -> None:
        """Connect with a token."""
        self.page.get_by_label("Token").fill(token)
        self.button("Use").click()

    def choose(self, **settings: str) -> None:
        """Select ``content_type``, ``speed``, ``chunk_by``, ``html_mode``."""
        for name, value in settings.items():
            self.page.locator(f"select[name={name}]").select_option(value)

    def write(self, text: str) -> None:
        """Write into the field for the user's own text."""
        if self.page.locator("#own").get_attribute("open") is None:
            self.page.get_by_text("Your own text or file").click()
        self.page.get_by_label("Text, HTML or Markdown").fill(text)

    def cut_line(self) -> list[str]:
        """Cut the line; return the connection, the sentence about it and the state of the stream at that moment."""
        shown: list[str] = self.page.evaluate(
            """() => {
              document.querySelector("#cut").click();
              const [connection, proof] = ["connection", "proof"].map((id) => document.getElementById(id).textContent);
              return [connection, proof, streaming().stream?.state ?? ""];
            }"""
        )
        return shown

    def repair_line(self) -> None:
        """Repair the line, if it is still cut: on a busy machine its time may be over."""
        self.page.evaluate(
            """() => {
              const button = document.querySelector("#cut");
              if (button.textContent.includes("Repair it now")) button.click();
            }"""
        )

    def put_cursor(self, position: str | int) -> None:
        self.page.evaluate("position => void editor.commands.focus(position)", position)
        expect(self.document).to_be_focused()

    def has_streamed(self, chunks: int) -> None:
        """Wait until this number of chunks was received."""
        self.page.wait_for_function("count => streaming().stream?.received >= count", arg=chunks)

    def is_complete(self) -> None:
        expect(self.state).to_contain_text("Complete")

    def content(self) -> list[Node]:
        """Return the document of the editor, without the empty paragraphs at its end."""
        nodes: list[Node] = self.page.evaluate("() => editor.getJSON().content")
        return trimmed(nodes)

    def text(self) -> str:
        text: str = self.page.evaluate("() => editor.getText()")
        return text

    def set_at_once(self, html: str, *, whole_space: bool) -> list[Node]:
        """Return the document that this HTML makes in the same editor, inserted at once with its white space."""
        space = {"preserveWhitespace": "full"} if whole_space else {}
        self.page.evaluate(
            "([html, parseOptions]) => editor.commands.setContent(html, { parseOptions })", [html, space]
        )
        return self.content()

    def start(self) -> dict[str, Any]:
        """Return the messages of the service about the stream."""
        start: dict[str, Any] = self.page.evaluate("() => streaming().stream.start")
        return start

    def _log(self, kind: str, text: str) -> None:
        if kind in {"error", "warning", "assert"}:
            self.faults.append(text)
        elif text.startswith("["):
            self.timings.append(text)


@contextmanager
def open_visit(
    browser: Browser,
    server: RunningServer,
    viewport: ViewportSize = WIDE,
    scheme: Scheme = "light",
    *,
    token: str = "",
    address: str = QUIET,
    **media: Literal["reduce", "active"],
) -> Iterator[Visit]:
    """``media`` are ``reduced_motion`` and ``forced_colors``."""
    context = browser.new_context(viewport=viewport, color_scheme=scheme, **media)  # type: ignore[arg-type]  # two of its options
    context.set_default_timeout(PATIENCE_MS)
    try:
        yield Visit(context.new_page(), server, token, address)
    finally:
        context.close()


def trimmed(nodes: list[Node]) -> list[Node]:
    nodes = json.loads(json.dumps(nodes))
    while len(nodes) > 1 and nodes[-1]["type"] == "paragraph" and "content" not in nodes[-1]:
        nodes.pop()
    return nodes

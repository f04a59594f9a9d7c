"""A Sentry server whose events a test can read."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.backends.child import Child
from tests.waiting import wait_for

SentryEvent = dict[str, Any]
"""An event as the SDK sent it."""


class Kent(Child):
    """``kent-server`` with project 1. It keeps the last 100 events."""

    def __init__(self, folder: Path) -> None:
        command = Path(sys.executable).with_name("kent-server")
        super().__init__([command, "run", "--host", "127.0.0.1", "--port", "0"], folder)

    @property
    def dsn(self) -> str:
        return self.dsn_with("public")

    def dsn_with(self, key: str) -> str:
        """The DSN with another key; kent accepts any."""
        return f"http://{key}@{self.address}/1"

    def items(self) -> list[dict[str, Any]]:
        """All items, each with ``envelope_header``, ``header`` and ``body``."""
        events = self.http.get("/api/eventlist/").json()["events"]
        return [self.http.get(f"/api/event/{one['event_id']}").json()["payload"] for one in events]

    def events(self) -> list[SentryEvent]:
        """All items that are events."""
        return [item["body"] for item in self.items() if item["header"]["type"] == "event"]

    def wait_for(self, wanted: Callable[[SentryEvent], bool], count: int = 1) -> list[SentryEvent]:
        """Return the matching events when there are at least ``count``."""

        def found() -> list[SentryEvent]:
            events = [event for event in self.events() if wanted(event)]
            return events if len(events) >= count else []

        return wait_for(found, f"{count} events at kent")

    def flush(self) -> None:
        """Delete all items."""
        self.http.post("/api/flush/").raise_for_status()

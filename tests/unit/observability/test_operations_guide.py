"""docs/operations.md agrees with the declarations."""

import re

import pytest

from observability.registry.log_events import LOG_EVENTS
from observability.registry.log_types import LogEvent
from tests.conftest import PROJECT

GUIDE = (PROJECT / "docs" / "operations.md").read_text()
SIGNED = [event for event in LOG_EVENTS if event.sign]


@pytest.mark.parametrize("event", [pytest.param(event, id=event.name) for event in SIGNED])
def test_the_guide_lists_each_line_of_the_older_service(event: LogEvent) -> None:
    [(level, sign, message)] = re.findall(rf"^\| (\w+) \| (\S+) `([^`]+)` \| `{event.name}` \|", GUIDE, re.MULTILINE)
    assert (level, sign) == (event.level, event.sign)
    words = event.message.replace("{stage}", "Chunking")
    assert re.split(r"[:#{0-9]", words)[0] == re.split(r"[:#{0-9]", message)[0]


def test_the_guide_lists_no_other_lines() -> None:
    listed = re.findall(r"^\| \w+ \| [^\w\s]+ `[^`]+` \| `(\w+)` \|", GUIDE, re.MULTILINE)
    assert sorted(listed) == sorted(event.name for event in SIGNED)

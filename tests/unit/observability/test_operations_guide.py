"""docs/operations.md agrees with the declarations."""

import re

import pytest
from pydantic import SecretStr

from observability.metrics.metrics_sink import Metrics
from observability.metrics.shared_values import file_sizes
from observability.registry.log_events import LOG_EVENTS
from observability.registry.log_types import LogEvent
from service.settings import Settings
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


def test_the_guide_has_the_size_of_the_metrics_of_a_worker() -> None:
    redis, postgresql = SecretStr("redis://127.0.0.1/0"), SecretStr("postgresql://127.0.0.1/usage")
    settings = Settings(memory_limit=2**30, redis_url=redis, database_url=postgresql)
    sizes = file_sizes(lambda: Metrics(settings))
    assert f"({sum(sizes.values()) // 1024} KiB each)" in GUIDE

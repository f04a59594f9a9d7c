"""What /health and /ready report for each state of the process."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from service.events import Dependency, Event
from service.http.health import health_routes
from service.protocol.instant import Instant
from service.settings import Settings
from service.websocket.hub import Hub


class Recorder:
    def record(self, event: Event) -> None: ...


async def response(
    path: str,
    dependencies: Mapping[Dependency, bool],
    accept: str = "*/*",
    **settings: Any,  # noqa: ANN401 - settings
) -> httpx.Response:
    def clock() -> Instant:
        return Instant(0.0, 0.0)

    hub = Hub(10, Recorder(), clock)
    app = FastAPI()
    app.include_router(
        health_routes(hub, clock, Settings(**settings), session_store="sqlite", dependencies=dependencies)
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as client:
        return await client.get(path, headers={"accept": accept})


async def test_the_root_has_exactly_its_three_fields() -> None:
    assert (await response("/", {})).json().keys() == {"service", "status", "version"}


async def test_the_root_is_a_page_for_a_browser_with_the_paths_that_are_served() -> None:
    page = await response("/", {}, accept="text/html,*/*;q=0.8", docs=False)
    assert (page.headers["content-type"], page.headers["vary"]) == ("text/html; charset=utf-8", "Accept")
    assert '<a href="websocket-test">' in page.text
    assert "docs" not in page.text
    assert '<a href="docs">' in (await response("/", {}, accept="text/html")).text


async def test_a_process_with_all_dependencies_is_ready_and_healthy() -> None:
    dependencies = dict.fromkeys(Dependency, True)
    assert (await response("/ready", dependencies)).json() == {"status": "ready"}
    assert (await response("/health", dependencies)).json()["status"] == "ok"


@pytest.mark.parametrize("unavailable", Dependency)
async def test_an_unavailable_dependency_makes_the_process_degraded(unavailable: Dependency) -> None:
    dependencies = {dependency: dependency is not unavailable for dependency in Dependency}
    ready = await response("/ready", dependencies)
    assert (ready.status_code, ready.json()) == (200, {"status": "degraded", "unavailable": [unavailable]})
    health = (await response("/health", dependencies)).json()
    assert health["status"] == "warning"
    states = [part["detail"].get("state") for part in health["parts"].values()]
    assert states.count("unavailable") == 1


async def test_health_has_the_path_of_the_metrics_only_if_they_are_served_on_this_port() -> None:
    assert (await response("/health", {})).json()["paths"]["metrics"] == "/metrics"
    assert "metrics" not in (await response("/health", {}, metrics_port=0)).json()["paths"]


async def test_health_has_the_paths_of_the_documents_only_if_they_are_served() -> None:
    assert (await response("/health", {}, docs=False)).json()["paths"].keys() == {"page", "metrics"}

"""Every query of every panel and of every rule, on a running service under a mixed load."""

import asyncio
import math
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import httpx
import promql_parser as promql
import pytest
from msgspec import Struct
from PIL import Image

from dashboards.answers import Series, Source, prometheus
from dashboards.canvas import WIDTH
from dashboards.live.load import Load
from dashboards.live.stack import Stack
from dashboards.picture import draw
from dashboards.rules import ALERTS, RECORDINGS, Severity
from tests.backends.otlp import OtlpReceiver
from tests.ops.dashboards.boards import BOARDS, PANELS
from tests.waiting import wait_for

"""The rarest of the clients comes every twenty seconds, give or take."""
HASTE = 25

RIGHTLY_EMPTY = {
    "overview: What fires now": "nothing fires on a healthy service",
    "overview: Alerts over time": "nothing fires on a healthy service",
}
"""Panels without data on a healthy service, and why. With the watchdog, which always fires, they have some."""

RULES = {name: rule.expr for name, rule in RECORDINGS.items()} | {name: alert.expr for name, alert in ALERTS.items()}

Found = TypeVar("Found")


class Live(Struct, frozen=True):
    stack: Stack
    http: httpx.Client
    spans: OtlpReceiver

    def source(self) -> Source:
        return Source(self.http, seconds=120)

    def soon(self, ask: Callable[[Source], Found], what: str) -> Found:
        """What is asked for, as soon as there is any."""
        return wait_for(lambda: ask(self.source()), what)


@contextmanager
def under_load(address: str) -> Iterator[None]:
    """The load runs meanwhile, in a thread of its own."""
    begun: Future[tuple[asyncio.AbstractEventLoop, asyncio.Task[None]]] = Future()

    async def run() -> None:
        task = asyncio.create_task(Load(address, HASTE).run())
        begun.set_result((asyncio.get_running_loop(), task))
        await asyncio.wait([task])

    with ThreadPoolExecutor(1) as thread:
        done = thread.submit(asyncio.run, run())
        loop, task = begun.result()
        yield
        loop.call_soon_threadsafe(task.cancel)
        done.result()


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    spans = OtlpReceiver()
    settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": spans.endpoint}
    with (
        Stack.start(tmp_path_factory.mktemp("live"), settings=settings) as stack,
        prometheus(stack.prometheus.url) as http,
        under_load(stack.service.address),
    ):
        yield Live(stack, http, spans)
    spans.stop()


def with_numbers(found: list[Series]) -> list[Series]:
    return [series for series in found if not all(map(math.isnan, series.values))]


@pytest.mark.parametrize("name", PANELS)
def test_every_query_of_a_panel_gives_numbers(live: Live, name: str) -> None:
    for target in PANELS[name]["targets"]:
        expr = target["expr"]
        if name in RIGHTLY_EMPTY:
            expr = expr.replace("critical|warning|info", Severity.NONE)

        def numbers(source: Source, expr: str = expr, once: bool = target.get("instant", False)) -> list[Series]:
            return with_numbers(source.now(expr) if once else source.over_time(expr))

        live.soon(numbers, expr)


@pytest.mark.parametrize("name", [name for name in PANELS if any(one["exemplar"] for one in PANELS[name]["targets"])])
def test_an_exemplar_is_a_trace_that_is_there(live: Live, name: str) -> None:
    [expr] = [target["expr"] for target in PANELS[name]["targets"] if target["exemplar"]]
    exemplars = live.soon(lambda source: source.exemplars(expr), expr)
    live.spans.wait_for(lambda span: span.trace_id == exemplars[0].trace_id)


@pytest.mark.parametrize("name", RULES)
def test_every_rule_asks_for_series_that_are_there(live: Live, name: str) -> None:
    nodes: list[promql.Expr] = []
    promql.walk(promql.parse(RULES[name]), nodes.append)
    for selector in {str(node) for node in nodes if isinstance(node, promql.VectorSelector)}:

        def series(source: Source, selector: str = selector) -> list[Series]:
            return source.now(selector)

        live.soon(series, selector)
    live.source().now(RULES[name])


def test_prometheus_finds_nothing_wrong_with_a_rule(live: Live) -> None:
    def evaluated(_: Source) -> dict[str, str]:
        groups = live.http.get("/api/v1/rules").json()["data"]["groups"]
        health = {rule["name"]: rule["health"] for group in groups for rule in group["rules"]}
        return {} if "unknown" in health.values() else health

    assert live.soon(evaluated, "all rules are evaluated") == dict.fromkeys(RULES, "ok")


def test_the_watchdog_reaches_alertmanager(live: Live) -> None:
    address = f"{live.stack.alertmanager.url}/api/v2/alerts"

    def told(_: Source) -> set[str]:
        return {"Watchdog"} & {one["labels"]["alertname"] for one in httpx.get(address, trust_env=False).json()}

    live.soon(told, "the watchdog")


@pytest.mark.parametrize("board", BOARDS)
def test_a_dashboard_can_be_drawn(live: Live, board: str, tmp_path: Path) -> None:
    path = tmp_path / "board.png"
    draw(BOARDS[board], live.source(), path)
    with Image.open(path) as picture:
        assert picture.width == WIDTH
        assert len(picture.getcolors() or []) > 20
    assert path.stat().st_size < 250_000

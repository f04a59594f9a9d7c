"""Every query of every panel and every rule, on a running service under the demo load."""

import asyncio
import math
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import httpx
import promql_parser as promql
import pytest
from msgspec import Struct

from dashboards.rules import ALERTS, RECORDINGS, Severity
from tests.backends.otlp import OtlpReceiver
from tests.integration.observability.known_users import SCRAPER
from tests.ops.dashboards.boards import PANELS
from tests.ops.dashboards.users import users_with_tokens
from tests.waiting import wait_for
from tools.observe.load import Load
from tools.observe.prometheus import Series, Source, connect
from tools.observe.stack import Stack

HASTE = 25
"""At this speed the rarest of the clients connects every twenty seconds on average."""

PANELS_OF_ALERTS = {"overview: Active alerts", "overview: Alerts over time"}
"""Empty on a healthy service, unless the watchdog is included, which always fires."""

RULES = {name: rule.expr for name, rule in RECORDINGS.items()} | {name: alert.expr for name, alert in ALERTS.items()}

Found = TypeVar("Found")


class Live(Struct, frozen=True):
    stack: Stack
    http: httpx.Client
    spans: OtlpReceiver

    def source(self) -> Source:
        return Source(self.http, seconds=120)

    def soon(self, ask: Callable[[Source], Found], what: str) -> Found:
        """The result of ``ask`` as soon as it is not empty."""
        return wait_for(lambda: ask(self.source()), what)


@contextmanager
def under_load(address: str) -> Iterator[None]:
    """Run the load in a thread of its own."""
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
        users_with_tokens(tmp_path_factory.mktemp("users"), settings) as other,
        Stack(tmp_path_factory.mktemp("live"), settings=settings, others=[other], metrics_token=SCRAPER) as stack,
        connect(stack.servers["prometheus"].url) as http,
        under_load(stack.servers["service"].address),
    ):
        yield Live(stack, http, spans)
    spans.stop()


def with_numbers(found: list[Series]) -> list[Series]:
    return [series for series in found if not all(map(math.isnan, series.values))]


@pytest.mark.parametrize("name", PANELS)
def test_every_query_of_a_panel_returns_numbers(live: Live, name: str) -> None:
    for target in PANELS[name]["targets"]:
        expr = target["expr"]
        if name in PANELS_OF_ALERTS:
            expr = expr.replace("critical|warning|info", Severity.NONE)

        def ask(source: Source, expr: str = expr, once: bool = target.get("instant", False)) -> list[Series]:
            return with_numbers(source.query(expr) if once else source.query_range(expr))

        live.soon(ask, expr)


@pytest.mark.parametrize("name", [name for name in PANELS if any(one["exemplar"] for one in PANELS[name]["targets"])])
def test_exemplar_refers_to_an_exported_trace(live: Live, name: str) -> None:
    [expr] = [target["expr"] for target in PANELS[name]["targets"] if target["exemplar"]]
    exemplars = live.soon(lambda source: source.query_exemplars(expr), expr)
    live.spans.wait_for(lambda span: span.trace_id == exemplars[0].trace_id)


@pytest.mark.parametrize("name", RULES)
def test_every_rule_selects_existing_series(live: Live, name: str) -> None:
    nodes: list[promql.Expr] = []
    promql.walk(promql.parse(RULES[name]), nodes.append)
    for selector in {str(node) for node in nodes if isinstance(node, promql.VectorSelector)}:

        def series(source: Source, selector: str = selector) -> list[Series]:
            return source.query(selector)

        live.soon(series, selector)
    live.source().query(RULES[name])


def test_prometheus_evaluates_every_rule(live: Live) -> None:
    def evaluated(_: Source) -> dict[str, str]:
        groups = live.http.get("/api/v1/rules").json()["data"]["groups"]
        health = {rule["name"]: rule["health"] for group in groups for rule in group["rules"]}
        return {} if "unknown" in health.values() else health

    assert live.soon(evaluated, "all rules are evaluated") == dict.fromkeys(RULES, "ok")


def test_the_watchdog_reaches_alertmanager(live: Live) -> None:
    address = f"{live.stack.servers['alertmanager'].url}/api/v2/alerts"

    def active(_: Source) -> set[str]:
        return {"Watchdog"} & {one["labels"]["alertname"] for one in httpx.get(address, trust_env=False).json()}

    live.soon(active, "the watchdog")

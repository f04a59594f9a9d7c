"""With a slow Redis, the figures of the service are those of a client, and each span is where its work was."""

import asyncio
import math
import statistics
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

from tests.backends.fixtures import StartPrometheus
from tests.backends.otlp import OtlpReceiver
from tests.backends.otlp_items import Span
from tests.backends.redis import Redis
from tests.backends.slow import SlowProxy
from tests.clients.direct import metric
from tests.conftest import RunningServer
from tests.integration.observability.reader import first_chunks

DELAY = 0.45
CLOCKS_NS = 10_000_000
"""By which the clock that is set by the network may differ from the other in a stream."""
CLIENTS, EACH = 5, 4
REQUESTS = CLIENTS * EACH
STAGES = ["convert", "sanitise", "analyse", "chunk"]
PHASES = ("admission", "queue", "content_wait", "work", "store")


async def test_the_time_to_the_first_chunk_is_that_of_the_client(
    tmp_path: Path, redis: Redis, otlp: OtlpReceiver, start_prometheus: StartPrometheus
) -> None:
    with SlowProxy(redis.address) as proxy, ExitStack() as endings:
        proxy.delay_seconds = DELAY
        settings = {
            "REDIS_URL": f"redis://{proxy.address}/0",
            "OTEL_EXPORTER_OTLP_ENDPOINT": otlp.endpoint,
            "OTEL_BSP_SCHEDULE_DELAY": 50,
            "LOG_LEVEL": "DEBUG",
            "DRAIN_SECONDS": 0,
        }
        server = RunningServer(tmp_path, settings)
        endings.callback(server.stop)
        seen = dict(
            pair
            for one in await asyncio.gather(*(first_chunks(server, f"reader-{n}", EACH) for n in range(CLIENTS)))
            for pair in one
        )
        assert len(seen) == REQUESTS
        lines = [line for line in server.log if line["event"] == "first_chunk_sent"]
        measured = {line["trace_id"]: line["ms"] / 1000 for line in lines}
        ratios = [measured[trace_id] / seconds for trace_id, seconds in seen.items()]
        assert max(ratios) <= 1, "the client waits for no less"
        assert statistics.median(ratios) > 0.9

        prometheus = start_prometheus("{}:{}".format(*server.address))
        prometheus.wait_for(f"sum(stream_time_to_first_chunk_seconds_count) == {REQUESTS}")
        [p95] = prometheus.query("histogram_quantile(0.95, sum by (le) (stream_time_to_first_chunk_seconds_bucket))")
        of_clients = sorted(seen.values())[math.ceil(0.95 * REQUESTS) - 1]
        assert 0.9 < float(p95["value"][1]) / of_clients < 1.1

        count = 'stream_time_to_first_chunk_seconds_count{content_type="markdown"}'
        in_time = 'stream_time_to_first_chunk_seconds_bucket{content_type="markdown",le="0.5"}'
        assert (await metric(server, count), await metric(server, in_time)) == (REQUESTS, 0)
        sums = {phase: await metric(server, f'stream_request_phase_seconds_sum{{phase="{phase}"}}') for phase in PHASES}
        counts = [await metric(server, f'stream_request_phase_seconds_count{{phase="{phase}"}}') for phase in PHASES]
        assert counts == [REQUESTS] * len(PHASES)
        assert sums["admission"] >= REQUESTS * DELAY
        assert sums["store"] >= REQUESTS * DELAY
        total = await metric(server, 'stream_time_to_first_chunk_seconds_sum{content_type="markdown"}')
        assert sum(sums.values()) - sums["queue"] <= total
        calls = 'stream_dependency_call_seconds_bucket{dependency="session_store",le="0.25",operation="admit"}'
        assert await metric(server, calls) == 0

        streams = otlp.wait_for(lambda span: span.name == "stream", REQUESTS)
        for stream in streams:
            children = [span for span in otlp.spans if span.parent_span_id == stream.span_id]
            check_tiles(stream, [span for span in children if span.kind == "INTERNAL"])
            check_calls([span for span in children if span.kind == "CLIENT"], children)


def check_tiles(stream: Span, children: list[Span]) -> None:
    """The spans are in the stream, one after the other, and fill nearly all of it."""
    children.sort(key=lambda span: (span.start_ns, span.end_ns))
    names = [span.name for span in children if span.name not in {"queue", "content_wait"}]
    assert [name for name in names if name not in STAGES] == ["validate", "rate_limit", "store", "deliver"]
    assert [name for name in names if name in STAGES] in ([], STAGES), "none if the plan was in the cache"
    by_name = {span.name: (span.end_ns - span.start_ns) / 1e9 for span in children}
    assert by_name["rate_limit"] >= DELAY
    assert by_name["store"] >= DELAY
    for before, after in pairwise(children):
        assert before.end_ns <= after.start_ns, (before.name, after.name)
    assert stream.start_ns == children[0].start_ns
    assert stream.end_ns == children[-1].end_ns
    assert sum(by_name.values()) > 0.9 * (stream.end_ns - stream.start_ns) / 1e9


def check_calls(calls: list[Span], others: list[Span]) -> None:
    """The calls of Redis are within the spans of what waited for them."""
    by_name = {span.name: span for span in others if span.kind == "INTERNAL"}
    for call, waiting in (("admit", "rate_limit"), ("put", "store")):
        [span] = [one for one in calls if one.name.split()[0] == call]
        outer = by_name[waiting]
        assert outer.start_ns - CLOCKS_NS <= span.start_ns <= span.end_ns <= outer.end_ns + CLOCKS_NS

"""A run that provokes every metric, span and log line of the service at least once."""

import asyncio

import httpx
from msgspec import Struct, field
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from streaming_content import Connection
from tests.backends.otlp import OtlpReceiver
from tests.backends.otlp_items import Span
from tests.backends.redis import Redis
from tests.clients.direct import WITHOUT_KEEP_ALIVE, handshake, joined, request, stalled, stream
from tests.conftest import LogLine, RunningServer
from tests.descriptors import further_descriptors
from tests.integration.observability.breaking import BREAK, BROKEN_SESSION, HANG, HOLD, UNCUTTABLE
from tests.waiting import eventually

SETTINGS = {
    "LOG_LEVEL": "DEBUG",
    "CLIENT_REPORTS": "on",
    "MAX_CONNECTIONS": 3,
    "MAX_REQUESTS_PER_SESSION": 20,
    "MAX_FRAME_RATE": 1_000_000,
    "CONTENT_QUEUE_SIZE": 1000,
    "CONTENT_CPU_LIMIT": 0.05,
    "MEMORY_LIMIT": 2**30,
    "DRAIN_SECONDS": 5,
    "PROCESSOR_MAX_CONTENT_SIZE": 20_000,
    "STORE_MAX_BYTES": 2**20,
    "DATABASE_URL": "postgresql://127.0.0.1:9/usage",  # no server listens there
    "SENTRY_DSN": "http://public@127.0.0.1:9/1",
}
WORKER_SETTINGS = {
    "WORKER_HUNG_SECONDS": 2,
    "HOST": "0.0.0.0",
    "LOG_LEVEL": "DEBUG",
    "LOG_CONTENT": "on",
    "AUTHMODE": "jwt",
    "WORKERS": 2,
    "MAX_SESSION_DURATION": 1,
    "MAX_PENDING_SOCKETS": 1_000_000_000,
}

LONG = "word " * 1000
_CONTROLS = 6000
_FAULTS = 11
"""One more than are reported in a minute."""
_MISTAKES = 500
"""Ten times the lines that are written within ten seconds."""


class Signals(Struct):
    """What a run produced: the metrics of each scrape, all spans, all log lines."""

    scrapes: list[list[Metric]] = field(default_factory=list)
    worker_scrape: list[Metric] = field(default_factory=list)
    """Of two workers, one of which was replaced."""
    spans: list[Span] = field(default_factory=list)
    lines: list[LogLine] = field(default_factory=list)


async def run_through(server: RunningServer, otlp: OtlpReceiver, redis: Redis) -> Signals:
    """From the first connection to the end of the process.

    The server is a breaking one with ``SETTINGS``; its sessions are in ``redis``.
    """
    signals = Signals()
    trace = {"traceparent": f"00-{'ab' * 16}-{'cd' * 8}-01"}
    async with joined(server, "editor", additional_headers=trace) as client:
        await stream_documents(client)
        await control_streams(server, client, signals)
        await make_mistakes(client)
    await wait_for_content(server, signals)
    await recover_streams(server)
    await lose_the_store(server, redis)
    await break_everything(server)
    await be_refused(server)
    await use_up_the_limit(server)
    await read_late(server)
    await leave_a_socket_without_a_request(server, signals)
    await run_out_of_descriptors(server)
    await flood_the_log(server)
    await asyncio.to_thread(server.logged, "lines_suppressed")
    signals.scrapes.append(await scrape(server))
    await end(server)
    signals.spans = otlp.spans
    signals.lines = server.log
    return signals


async def lose_a_worker(server: RunningServer, signals: Signals) -> None:
    """A worker hangs in preparation, of a server with ``WORKER_SETTINGS`` and no DATA_DIR."""
    await asyncio.to_thread(server.logged, "store_in_memory")
    await exceed_the_session(server)
    async with joined(server, "hanging") as client:
        await request(client, HANG)
        await asyncio.to_thread(server.logged, "worker_replaced")
        client.transport.abort()
    signals.worker_scrape = await scrape(server)
    assert (await asyncio.to_thread(server.stop), server.noise) == (0, [])
    signals.lines += server.log


async def exceed_the_session(server: RunningServer) -> None:
    """A stream runs when its session ends."""
    async with joined(server, "patient") as client:
        await request(client, LONG, speed="slow")
        await client.receive_until("error")
    server.logged("session_timeout")


async def scrape(server: RunningServer, token: str = "") -> list[Metric]:
    """With the token of scrapers, if there is one."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with httpx.AsyncClient(base_url=server.url, limits=WITHOUT_KEEP_ALIVE) as http:
        answer = await http.get("/metrics", headers=headers | {"Accept": "application/openmetrics-text; version=1.0.0"})
    return [*text_string_to_metric_families(answer.text)]  # type: ignore[no-untyped-call]


async def stream_documents(client: Connection) -> None:
    for type_, answer in (("ping", "pong"), ("heartbeat", "heartbeat_ack")):
        await client.send(type_)
        await client.receive_until(answer)
    streamed = await request(client, "A text.", speed="adaptive")
    await streamed.read()
    report = {"first_chunk_ms": 250, "longest_gap_ms": 300, "breaks": 1}
    await client.send("client_report", stream_id=streamed.stream_id, **report)
    await stream(client, "<p>A <b>fragment</b>.</p><script>a()</script>", content_type="html")
    await stream(client, "# A document\n\nIn *Markdown*.", content_type="markdown")


async def control_streams(server: RunningServer, client: Connection, signals: Signals) -> None:
    await request(client, LONG, speed="slow")
    await request(client, "Waits in line.")
    await client.receive_until("chunk")
    await control(client, "pause", "stream_paused")
    signals.scrapes.append(await scrape(server))
    await control(client, "resume", "stream_resumed")
    await control(client, "skip", "stream_complete")
    await client.receive_until("stream_complete")
    await request(client, LONG, speed="slow")
    await client.receive_until("chunk")
    await control(client, "cancel", "stream_cancelled")
    await request(client, f"{BREAK}please")
    await client.receive_until("error")
    await stream(client, f"{UNCUTTABLE}please")


async def recover_streams(server: RunningServer) -> None:
    """A recovered stream, a repeated request, and an unknown stream."""
    async with joined(server, "mobile", wait_connected=False) as client:
        token = (await client.receive())["resume_token"]
        await request(client, LONG, speed="slow", request_id="first")
        stream_id = (await client.receive_until("stream_start"))[-1]["stream_id"]
        await client.receive_until("chunk")
        client.transport.abort()
    async with joined(server, "mobile") as client:
        for asked, recovered in (("unheard-of", False), (stream_id, True)):
            await client.send("recover", stream_id=asked, last_index=0, token=token)
            assert (await client.receive_until("stream_recovered"))[-1]["recovered"] is recovered
        await client.receive_until("chunk")
        client.transport.abort()
    async with joined(server, "mobile") as client:
        await request(client, LONG, speed="slow", request_id="first", token=token)
        assert (await client.receive_until("stream_start"))[-1]["stream_id"] == stream_id
        await control(client, "skip", "stream_complete")


async def lose_the_store(server: RunningServer, redis: Redis) -> None:
    """Stop the store, and wait until it is available again; a session that began without it joins it then."""
    async with joined(server, "steadfast") as client:
        redis.stop()
        while not any(line.get("dependency") == "session_store" for line in server.log):
            await stream(client, "All the same.")
        async with joined(server, "early") as early:
            redis.start()
            await asyncio.to_thread(server.logged, "dependency_recovered", dependency="session_store")
            await stream(early, "With the store.")


async def control(client: Connection, action: str, answer: str) -> None:
    await client.send("stream_control", action=action)
    await client.receive_until(answer)


async def make_mistakes(client: Connection) -> None:
    await request(client, "$a$\n\n" * 19_000, content_type="markdown")  # takes three times CONTENT_CPU_LIMIT
    assert (await client.receive_until("error"))[-1]["code"] == "PROCESSING_ERROR"
    await request(client, "a\n\n" * 4_000, content_type="markdown")  # as HTML it exceeds PROCESSOR_MAX_CONTENT_SIZE
    assert (await client.receive_until("error"))[-1]["code"] == "CHUNKING_ERROR"
    await request(client, "<script>a()</script>", content_type="html")
    assert (await client.receive_until("error"))[-1]["code"] == "EMPTY_CONTENT"
    await request(client, LONG * 30)
    assert (await client.receive_until("error"))[-1]["code"] == "CONTENT_TOO_LARGE"
    for _ in range(_MISTAKES):
        await client.send_frame("not JSON")
    for _ in range(_MISTAKES):
        await client.receive_until("error")


async def wait_for_content(server: RunningServer, signals: Signals) -> None:
    """One request holds the content worker, and one of two others has no place in the queue."""
    async with joined(server, "holder") as holder, joined(server, "early") as early, joined(server, "late") as late:
        await request(holder, f"{HOLD}please")
        await request(early, LONG)
        await early.send("ping")
        await early.receive_until("pong")
        await request(late, f"{LONG} later")
        assert (await late.receive_until("error"))[-1]["code"] == "SERVER_BUSY"
        signals.scrapes.append(await scrape(server))
        async with httpx.AsyncClient(base_url=server.url, limits=WITHOUT_KEEP_ALIVE) as http:
            await http.get("/break/hold")
        await holder.receive_until("stream_complete")


async def break_everything(server: RunningServer) -> None:
    async with httpx.AsyncClient(base_url=server.url, limits=WITHOUT_KEEP_ALIVE) as http:
        for part in ("loop", "library", "sinks", "usage", *["route"] * _FAULTS):
            await http.get(f"/break/{part}")


async def be_refused(server: RunningServer) -> None:
    assert (await handshake(server, "/ws/stream/not%20an%20id"))[0] == 400
    async with joined(server, BROKEN_SESSION, wait_connected=False) as client:
        assert (await client.receive())["code"] == "INTERNAL_ERROR"
    async with (
        joined(server, "first"),
        joined(server, "second"),
        joined(server, "third"),
        joined(server, "fourth", wait_connected=False) as client,
    ):
        assert (await client.receive())["code"] == "OVER_CAPACITY"


async def use_up_the_limit(server: RunningServer) -> None:
    """That of the session, and before it its share of the store."""
    async with joined(server, "greedy") as client:
        for _ in range(20):
            await stream(client, 3 * LONG, chunk_by="paragraph")
        await request(client, "One too many.")
        assert (await client.receive_until("error"))[-1]["code"] == "RATE_LIMIT_EXCEEDED"


async def read_late(server: RunningServer) -> None:
    async with stalled(server, "slow") as client:
        await asyncio.to_thread(server.logged, "backpressure_applied")
        await client.receive_until("stream_complete")
        await asyncio.to_thread(server.logged, "backpressure_released")


async def leave_a_socket_without_a_request(server: RunningServer, signals: Signals) -> None:
    """It is counted while it is open, and then sends what is no request."""
    reader, writer = await asyncio.open_connection(*server.address)

    async def counted() -> bool:
        signals.scrapes.append(await scrape(server))
        [pending] = [metric for metric in signals.scrapes.pop() if metric.name == "stream_pending_sockets"]
        return pending.samples[0].value > 0

    await eventually(counted)
    signals.scrapes.append(await scrape(server))
    writer.write(b"no request\r\n\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
    writer.close()


async def run_out_of_descriptors(server: RunningServer) -> None:
    """Lower the limit to what is open, and raise it again."""
    with further_descriptors(server, 0):
        _, writer = await asyncio.open_connection(*server.address)
        await asyncio.to_thread(server.logged, "accept_paused")
    await asyncio.to_thread(server.logged, "accept_resumed")
    writer.close()


async def flood_the_log(server: RunningServer) -> None:
    """Write more lines than the queue holds while the log is not read."""
    async with joined(server, "restless") as client:
        await request(client, LONG, speed="slow")
        await client.receive_until("chunk")
        with server.unread():
            await asyncio.gather(pause_and_resume(client), count_answers(client))
        await asyncio.to_thread(server.logged, "lines_lost")
        await control(client, "cancel", "stream_cancelled")


async def pause_and_resume(client: Connection) -> None:
    for _ in range(_CONTROLS):
        await client.send("stream_control", action="pause")
        await client.send("stream_control", action="resume")


async def count_answers(client: Connection) -> None:
    resumed = 0
    while resumed < _CONTROLS:
        resumed += (await client.receive())["type"] == "stream_resumed"


async def end(server: RunningServer) -> None:
    async with joined(server, "last") as client:
        await request(client, LONG, speed="slow")
        await client.receive_until("chunk")
        server.terminate()
        await asyncio.to_thread(server.logged, "drain_started")
        assert (await handshake(server, "/ws/stream/too-late"))[0] == 503
        await control(client, "skip", "stream_complete")
    assert (await asyncio.to_thread(server.stop), server.noise) == (0, [])

"""Faults in Sentry: what is delivered, what never leaves the process, and outages of Sentry."""

import asyncio
import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NoReturn

import pytest
from msgspec.structs import replace
from pydantic import SecretStr

from observability.sentry.sentry_sink import SentrySink
from service import __version__
from service.access.principal import Principal
from service.access.scope import Grant
from service.events import ConnectionOpened, FaultRaised, FaultSource
from service.protocol.errors import ProcessingFailed
from service.protocol.trace import Trace
from service.settings import Settings
from tests.backends import dead
from tests.backends.kent import Kent
from tests.clients.direct import joined, metric, request, stream
from tests.conftest import StartServer, environment
from tests.integration.observability.breaking import BREAK
from tests.waiting import LIMIT_SECONDS

CANARY = "canary-of-the-content"
MAX_PER_KIND = 10
"""Faults of one kind that are reported within a minute."""
STREAMS = 50

THROTTLED = 'stream_telemetry_throttled_total{signal="errors"}'

Outage = Callable[[], AbstractContextManager[str]]

each_outage = pytest.mark.parametrize("outage", [dead.refusing, dead.silent, dead.black_hole])


class Losses:
    def __init__(self) -> None:
        self.count = 0
        self.throttled = 0

    def add(self, count: int) -> None:
        self.count += count

    def throttle(self) -> None:
        self.throttled += 1


def sink(dsn: str, losses: Losses) -> SentrySink:
    settings = Settings(sentry_dsn=SecretStr(dsn), railway_environment="staging")
    return SentrySink(settings, "i-1", losses.add, losses.throttle)


def chunking_fault() -> FaultRaised:
    """A fault whose exceptions contain the content wherever an exception can."""

    def parse(content: str) -> NoReturn:
        secret = content.upper()
        error = ValueError(f"cannot parse {content}", secret)
        error.add_note(content)
        raise error

    try:
        try:
            parse(CANARY)
        except ValueError as error:
            raise ProcessingFailed("The content could not be processed.") from error
    except ProcessingFailed as error:
        trace = Trace("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", sampled=False)
        return FaultRaised("e-1", FaultSource.CONTENT, error, "c-1", "s-1", "i-1", trace)


def missing_file() -> FaultRaised:
    try:
        Path(f"/{CANARY}/nowhere").read_bytes()
    except OSError as error:
        return FaultRaised("e-2", FaultSource.EVENT_LOOP, error)
    raise AssertionError


def texts(event: dict[str, object]) -> list[tuple[str, str]]:
    return [(exception["type"], exception["value"]) for exception in event["exception"]["values"]]  # type: ignore[index]


def test_an_event_has_the_ids_of_the_fault(kent: Kent) -> None:
    losses = Losses()
    reporting = sink(kent.dsn, losses)
    reporting.record(ConnectionOpened("c-1", "s-1", 0))
    reporting.record(chunking_fault())
    reporting.close(LIMIT_SECONDS)
    [event] = kent.events()
    assert event["tags"] == {
        "instance": "i-1",
        "source": "content",
        "error_id": "e-1",
        "error_code": "PROCESSING_ERROR",
        "connection_id": "c-1",
        "session_id": "s-1",
        "stream_id": "i-1",
    }
    assert event["contexts"]["trace"] == {"trace_id": "0af7651916cd43dd8448eb211c80319c", "span_id": "b7ad6b7169203331"}
    assert (event["level"], event["environment"]) == ("error", "staging")
    assert event["release"].endswith(__version__)
    assert [kind for kind, _ in texts(event)] == ["ValueError", "ProcessingFailed"]
    [_, raised] = event["exception"]["values"]
    assert raised["stacktrace"]["frames"][-1]["function"] == "chunking_fault"
    assert "user" not in event
    assert "fingerprint" not in event, "Sentry groups by exception and line, not by ids"
    assert losses.count == 0


def test_a_user_is_sent_as_a_digest(kent: Kent) -> None:
    reporting = sink(kent.dsn, Losses())
    user = Principal("https://issuer.example", CANARY, CANARY, Grant(frozenset()), token_id=CANARY)
    reporting.record(replace(missing_file(), principal=user))
    reporting.close(LIMIT_SECONDS)
    [event] = kent.events()
    digest = hashlib.sha256(f"https://issuer.example\x1f{CANARY}".encode()).hexdigest()
    assert event["user"] == {"id": digest[:16]}
    assert CANARY not in json.dumps(event)


def test_only_texts_that_cannot_quote_content_are_sent(kent: Kent) -> None:
    reporting = sink(kent.dsn, Losses())
    reporting.record(chunking_fault())
    reporting.record(missing_file())
    reporting.close(LIMIT_SECONDS)
    chunking, missing = kent.events()
    [(_, foreign), (_, own)] = texts(chunking)
    assert own == "The content could not be processed."
    assert "withheld" in foreign
    assert texts(missing) == [("FileNotFoundError", "No such file or directory")]
    # The event has lines of this file, where the canary appears only by its name.
    assert CANARY not in json.dumps(kent.items())
    assert CANARY.upper() not in json.dumps(kent.items())
    assert not {"breadcrumbs", "extra", "modules", "request", "user"} & chunking.keys()
    frames = [frame for one in chunking["exception"]["values"] for frame in one["stacktrace"]["frames"]]
    assert not any("vars" in frame for frame in frames)


def test_a_flood_is_limited_and_the_rest_is_counted_as_throttled(kent: Kent) -> None:
    losses = Losses()
    reporting = sink(kent.dsn, losses)
    flood = chunking_fault()
    for _ in range(10_000):
        reporting.record(flood)
    reporting.record(missing_file())
    reporting.close(LIMIT_SECONDS)
    kinds = [texts(event)[-1][0] for event in kent.events()]
    assert kinds == ["ProcessingFailed"] * MAX_PER_KIND + ["FileNotFoundError"]
    assert (losses.throttled, losses.count) == (10_000 - MAX_PER_KIND, 0)


@each_outage
def test_undelivered_faults_are_counted_and_close_does_not_wait_for_them(outage: Outage) -> None:
    losses = Losses()
    with outage() as address:
        reporting = sink(f"http://public@{address}/1", losses)
        for _ in range(MAX_PER_KIND):
            reporting.record(chunking_fault())
        reporting.close(0.5)
        waiting = any(thread.name == "sentry" for thread in threading.enumerate())
        assert waiting or outage is dead.refusing, "close returned before the connection failed"
    assert (losses.count, losses.throttled) == (MAX_PER_KIND, 0)
    reporting.record(missing_file())
    assert losses.count == MAX_PER_KIND + 1, "after close"


@each_outage
async def test_an_unavailable_sentry_delays_no_stream(
    outage: Outage, start_breaking_server: StartServer, session_id: str
) -> None:
    with outage() as address:
        server = start_breaking_server(SENTRY_DSN=f"http://public@{address}/1")
        document = "Undisturbed. " * 40

        async def stream_while_others_fail(number: int) -> str:
            async with joined(server, f"{session_id}-{number}") as client:
                await request(client, f"{BREAK}{number}")
                await client.receive_until("error")
                return await stream(client, document)

        assert await asyncio.gather(*map(stream_while_others_fail, range(STREAMS))) == [document] * STREAMS

        assert await metric(server, THROTTLED) == STREAMS - MAX_PER_KIND
        assert server.stop() == 0


async def test_the_log_has_the_reason_why_a_fault_was_not_delivered(
    start_breaking_server: StartServer, session_id: str
) -> None:
    with dead.refusing() as address:
        server = start_breaking_server(SENTRY_DSN=f"http://public@{address}/1")
        async with joined(server, session_id) as client:
            await request(client, BREAK)
            await client.receive_until("error")
        line = server.logged("library_message", logger="observability.sentry.sentry_sink")
        assert line["message"].endswith(f"{address} cannot be reached: nothing listens there.")
        assert line["level"] == "WARNING"


def test_without_a_dsn_the_sdk_is_not_loaded(tmp_path: Path) -> None:
    program = "import sys; from service.app import create_app; create_app(); print('sentry_sdk' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"

"""The messages of the older service: each is provoked on a server, and read in both layouts."""

import json
import re
from pathlib import Path

import pytest

from observability.registry.log_events import LOG_EVENTS
from tests.clients.direct import joined, request, stream, until_closed
from tests.conftest import LogLine, RunningServer
from tests.integration.observability.breaking import BREAK, UNCUTTABLE

SIGNED = {event.name: event.sign for event in LOG_EVENTS if event.sign}

SESSION = "a-reader"
SETTINGS: dict[str, object] = {"DRAIN_SECONDS": 0, "MAX_REQUESTS_PER_SESSION": 5, "CONTENT_CPU_LIMIT": 0.05}
EXPECTED = [
    f"INFO ✅ WebSocket connected: {SESSION}",
    f"INFO 🔄 Stream request #1: session={SESSION}, length=225 bytes",
    "INFO 📊 Content analysis: low complexity, 45 words, 45 chunks",
    "INFO ⚡ Adaptive speed selected: superfast",
    "INFO ✅ Stream complete: 45 chunks sent",
    f"INFO 🔄 Stream request #2: session={SESSION}, length=",
    "ERROR ❌ Stream processing error: PROCESSING_ERROR",
    f"INFO 🔄 Stream request #3: session={SESSION}, length=",
    "WARNING ❌ Stream processing error: content too costly",
    f"INFO 🔄 Stream request #4: session={SESSION}, length=",
    "WARNING ⚠️ Rate limit approaching: 4 of 5 requests used",
    "INFO 📊 Content analysis: ",
    "ERROR ❌ Chunking failed, using fallback",
    "INFO ✅ Stream complete: 1 chunks sent",
    f"INFO 🔄 Stream request #5: session={SESSION}, length=4 bytes",
    "INFO 📊 Content analysis: ",
    "INFO ✅ Stream complete: 1 chunks sent",
    f"WARNING ❌ Rate limit exceeded: {SESSION}",
    f"WARNING ❌ Content too large: {SESSION}",
    f"INFO 🔌 WebSocket disconnected: {SESSION} (requests: 5)",
]
SHORT_SESSION: dict[str, object] = {"DRAIN_SECONDS": 0, "MAX_SESSION_DURATION": 0.5}
EXPECTED_OF_A_SHORT_SESSION = [
    f"INFO ✅ WebSocket connected: {SESSION}",
    f"WARNING ❌ Session timeout: {SESSION}",
    f"INFO 🔌 WebSocket disconnected: {SESSION} (requests: 0)",
]

_COLUMNS = re.compile(r"[\d-]{10} [\d:.]{12} (?P<level>.{7}) .{16} .{8} (?P<message>.*)\n")
_LISTENING = re.compile(r"Listening on .*:(\d+) for streams")


class TextServer(RunningServer):
    """With the layout for people, of whose lines it reads the level and the message."""

    def parse(self, line: str) -> LogLine | None:
        columns = _COLUMNS.fullmatch(line)
        if columns is None:
            return None
        fields = {"level": columns["level"].rstrip(), "message": columns["message"]}
        if listening := _LISTENING.match(columns["message"]):
            return {**fields, "event": "service_listening", "purpose": "streams", "port": int(listening[1])}
        return fields


def start(layout: str, folder: Path, settings: dict[str, object]) -> RunningServer:
    kind = {"json": RunningServer, "text": TextServer}[layout]
    return kind(folder, {"LOG_FORMAT": layout} | settings, "tests.integration.observability.breaking")


def signed(layout: str, log: list[LogLine]) -> list[str]:
    """Level, sign and message of the lines that have a sign. In JSON it is in the declaration only."""
    if layout == "json":
        assert not [sign for sign in SIGNED.values() if sign in json.dumps(log, ensure_ascii=False)]
        lines = [
            (line["level"], f"{SIGNED[line['event']]} {line['message']}") for line in log if line["event"] in SIGNED
        ]
    else:
        lines = [(line["level"], line["message"]) for line in log if line["message"].startswith(tuple(SIGNED.values()))]
    return [f"{level} {message}" for level, message in lines]


def assert_begin_with(lines: list[str], expected: list[str]) -> None:
    beginnings = [line[: len(beginning)] for line, beginning in zip(lines, expected, strict=True)]
    assert beginnings == expected


@pytest.mark.parametrize("layout", ["json", "text"])
async def test_each_message_is_written_for_what_happened(tmp_path: Path, layout: str) -> None:
    server = start(layout, tmp_path, SETTINGS)
    try:
        async with joined(server, SESSION) as client:
            await stream(client, "word " * 45, speed="adaptive")
            await request(client, BREAK)
            await client.receive_until("error")
            await request(client, "a\n\n" * 30_000, content_type="markdown")
            await client.receive_until("error")
            await stream(client, UNCUTTABLE)
            await stream(client, "last")
            for content in ("one too many", "x" * 200_000):
                await request(client, content)
                await client.receive_until("error")
    finally:
        server.stop()
    assert_begin_with(signed(layout, server.log), EXPECTED)


@pytest.mark.parametrize("layout", ["json", "text"])
async def test_the_end_of_a_session_is_written(tmp_path: Path, layout: str) -> None:
    server = start(layout, tmp_path, SHORT_SESSION)
    try:
        async with joined(server, SESSION) as client:
            await until_closed(client)
    finally:
        server.stop()
    assert_begin_with(signed(layout, server.log), EXPECTED_OF_A_SHORT_SESSION)


def test_each_message_is_among_those() -> None:
    provoked = " ".join(EXPECTED + EXPECTED_OF_A_SHORT_SESSION)
    messages = (event.message.replace("{stage}", "Chunking") for event in LOG_EVENTS if event.sign)
    assert [message for message in messages if re.split(r"[:#{]", message)[0] not in provoked] == []

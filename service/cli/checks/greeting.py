"""The handshake and the first message of the service."""

import re

from service.cli.checks.probe import Mismatch, Probe, expect, expect_equal
from streaming_content import ConnectFailed

_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")

_LIMITS = (
    "max_requests",
    "max_content_size",
    "max_session_duration",
    "idle_timeout",
    "chunk_timeout",
    "max_chunk_size",
)

_INVALID_SESSION_IDS = ("x" * 65, "a b", "line\r\nbreak", "nul\0", "../escape", "ümlaut", "")


async def connected(probe: Probe) -> str:
    session_id = probe.new_session_id()
    async with probe.connect(session_id) as connection:
        message = connection.connected
    expect_equal("session_id", session_id, message.get("session_id"))
    for name in ("timestamp", "session_expires_at"):
        value = str(message.get(name))
        expect(_TIMESTAMP.fullmatch(value), f"{name} in ISO 8601 with milliseconds and Z", value)
    limits = message.get("limits", {})
    for name in _LIMITS:
        value = limits.get(name)
        expect(isinstance(value, int | float) and value > 0, f"limits.{name} as a number over 0", value)
    expect_equal("requests_left of a new session", limits["max_requests"], message.get("requests_left"))
    expect(message.get("version"), "a version", message.get("version"))
    return ", ".join(f"{name} {limits[name]:g}" for name in _LIMITS[:4])


async def longest_session_id(probe: Probe) -> str:
    session_id = probe.new_session_id("A_:.").ljust(64, "x")
    async with probe.connect(session_id) as connection:
        expect_equal("session_id", session_id, connection.connected.get("session_id"))
    return f"{len(session_id)} characters"


async def invalid_session_ids(probe: Probe) -> str:
    statuses = set()
    for session_id in _INVALID_SESSION_IDS:
        try:
            async with probe.connect(session_id):
                raise Mismatch(f"session id {session_id!r} refused", "it was accepted")
        except ConnectFailed as refusal:
            expect(refusal.status is not None, f"session id {session_id!r} refused with an HTTP status", refusal)
            statuses.add(refusal.status)
    return f"{len(_INVALID_SESSION_IDS)} ids, HTTP {', '.join(map(str, sorted(filter(None, statuses))))}"


async def ping(probe: Probe) -> str:
    async with probe.connect() as connection:
        return f"{await connection.ping() * 1000:.1f} ms"


async def heartbeat(probe: Probe) -> str:
    session_id = probe.new_session_id()
    async with probe.connect(session_id) as connection:
        expect_equal("session_id", session_id, (await connection.heartbeat()).get("session_id"))
    return ""

"""The handshake and the greeting."""

import re

from service.cli.address import CannotConnect
from service.cli.checks.probe import Mismatch, Probe, expect, expect_equal, fresh_session_id

_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")

_LIMITS = (
    "max_requests",
    "max_content_size",
    "max_session_duration",
    "idle_timeout",
    "chunk_timeout",
    "max_chunk_size",
)

_BAD_SESSION_IDS = ("x" * 65, "a b", "line\r\nbreak", "nul\0", "../escape", "ümlaut", "")


async def greeting(probe: Probe) -> str:
    session_id = fresh_session_id()
    async with probe.converse(session_id) as conversation:
        connected = conversation.connected
    expect_equal("session_id", session_id, connected.get("session_id"))
    for name in ("timestamp", "session_expires_at"):
        value = str(connected.get(name))
        expect(_TIMESTAMP.fullmatch(value), f"{name} in ISO 8601 with milliseconds and Z", value)
    limits = connected.get("limits", {})
    for name in _LIMITS:
        value = limits.get(name)
        expect(isinstance(value, int | float) and value > 0, f"limits.{name} as a number over 0", value)
    expect_equal("requests_left of a fresh session", limits["max_requests"], connected.get("requests_left"))
    expect(connected.get("version"), "a version", connected.get("version"))
    return ", ".join(f"{name} {limits[name]:g}" for name in _LIMITS[:4])


async def longest_session_id(probe: Probe) -> str:
    session_id = f"Az09_-.:{fresh_session_id()}".ljust(64, "x")
    async with probe.converse(session_id) as conversation:
        expect_equal("session_id", session_id, conversation.connected.get("session_id"))
    return f"{len(session_id)} characters"


async def bad_session_ids(probe: Probe) -> str:
    statuses = set()
    for session_id in _BAD_SESSION_IDS:
        try:
            async with probe.converse(session_id):
                raise Mismatch(f"session id {session_id!r} refused", "it was accepted")
        except CannotConnect as refusal:
            expect(refusal.status is not None, f"session id {session_id!r} refused with an HTTP status", refusal)
            statuses.add(refusal.status)
    return f"{len(_BAD_SESSION_IDS)} ids, HTTP {', '.join(map(str, sorted(filter(None, statuses))))}"


async def ping(probe: Probe) -> str:
    async with probe.converse() as conversation:
        return f"{await conversation.ping() * 1000:.1f} ms"


async def heartbeat(probe: Probe) -> str:
    session_id = fresh_session_id()
    async with probe.converse(session_id) as conversation:
        await conversation.send("heartbeat")
        message, _ = await conversation.receive_type("heartbeat_ack")
        expect_equal("session_id", session_id, message.get("session_id"))
    return ""

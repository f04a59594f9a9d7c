"""Invalid messages: each has its error code, and the connection stays open."""

import json

from service.cli.checks.probe import Probe, Run, expect_equal, expect_error

_REQUEST = {"type": "stream_request", "content": "x", "speed": "superfast"}

MISTAKES: tuple[tuple[str, str | bytes, str], ...] = (
    ("not JSON", "{not json", "INVALID_MESSAGE"),
    ("an array", "[1, 2]", "INVALID_MESSAGE"),
    ("null", "null", "INVALID_MESSAGE"),
    ("NaN", '{"type": "ping", "extra": NaN}', "INVALID_MESSAGE"),
    ("a lone surrogate", r'{"type": "stream_request", "content": "\ud800"}', "INVALID_MESSAGE"),
    ("a number for content", json.dumps(_REQUEST | {"content": 42}), "INVALID_MESSAGE"),
    ("a binary frame", b'{"type": "ping"}', "INVALID_MESSAGE"),
    ("an unknown type", '{"type": "no-such"}', "UNKNOWN_MESSAGE_TYPE"),
    ("an unknown content_type", json.dumps(_REQUEST | {"content_type": "no-such"}), "INVALID_CONTENT_TYPE"),
    ("an unknown chunk_by", json.dumps(_REQUEST | {"chunk_by": "no-such"}), "INVALID_CHUNK_STRATEGY"),
    ("an unknown speed", json.dumps(_REQUEST | {"speed": "no-such"}), "INVALID_SPEED"),
    ("an unknown html_mode", json.dumps(_REQUEST | {"html_mode": "no-such"}), "INVALID_HTML_MODE"),
    ("an unknown action", '{"type": "stream_control", "action": "no-such"}', "INVALID_CONTROL_ACTION"),
    ("a control without a stream", '{"type": "stream_control", "action": "pause"}', "NO_ACTIVE_STREAM"),
    ("empty content", json.dumps(_REQUEST | {"content": ""}), "EMPTY_CONTENT"),
    ("blank content", json.dumps(_REQUEST | {"content": " \n\t"}), "EMPTY_CONTENT"),
)
"""Description, frame, error code."""


def mistake(frame: str | bytes, code: str) -> Run:
    """The check of one invalid message."""

    async def check(probe: Probe) -> str:
        async with probe.connect() as connection:
            await connection.send_frame(frame)
            # A server that ignores the frame answers the ping only.
            await connection.send("ping")
            await expect_error(code, connection.receive_type("pong"))
            await connection.receive_type("pong")
            await connection.ping()
        return ""

    return check


async def refused_is_not_counted(probe: Probe) -> str:
    """Only admitted requests are counted."""
    session_id = probe.new_session_id()
    async with probe.connect(session_id) as connection:
        await expect_error("INVALID_SPEED", connection.stream("x", speed="no-such"))
        async with probe.connect(session_id) as beside:
            expect_equal("requests_left", connection.limits["max_requests"], beside.connected.get("requests_left"))
    return ""

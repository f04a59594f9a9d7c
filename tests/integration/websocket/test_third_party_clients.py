"""Third-party clients and the clients of 2.4.1 stream documents from a real server, each in its own process."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from streaming_content import Message
from tests.clients.direct import DOCUMENT, data
from tests.conftest import PROJECT, RunningServer, environment
from tests.waiting import LIMIT_SECONDS
from tools.node import NODE

PROGRAMS = Path(sys.executable).parent

# Each program sends the lines of standard input and prints messages as lines, as websocat does.
CLIENTS = {
    "websocat": [str(PROGRAMS / "websocat")],
    "ws of node": [str(NODE), str(PROJECT / "tests/e2e/node/client.mjs")],
    "websockets of Python": [sys.executable, str(PROJECT / "tests/integration/websocket/websockets_client.py")],
}


DOCUMENTS = {  # by content type: the content, and the content that must arrive
    "text": (DOCUMENT, DOCUMENT),
    "html": ("<p>One <b>two</b></p><script>alert(1)</script><p>three</p>", "<p>One <b>two</b></p><p>three</p>"),
    "markdown": ("# One\n\n*two*", "<h1>One</h1><p><em>two</em></p>"),
}


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("content_type", DOCUMENTS)
async def test_client_streams_a_document(
    server: RunningServer, session_id: str, client: str, content_type: str
) -> None:
    content, expected = DOCUMENTS[content_type]
    program = await asyncio.create_subprocess_exec(
        *CLIENTS[client], server.ws(session_id), stdin=PIPE, stdout=PIPE, env=environment()
    )
    assert program.stdin is not None
    assert program.stdout is not None
    request = {"type": "stream_request", "content": content, "content_type": content_type, "speed": "superfast"}
    messages: list[Message] = []
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            program.stdin.write(json.dumps(request).encode() + b"\n")
            while not messages or messages[-1]["type"] not in {"stream_complete", "error"}:
                messages.append(json.loads(await program.stdout.readline()))
            program.stdin.close()
            await program.wait()
    finally:
        if program.returncode is None:
            program.kill()
            await program.wait()
    assert messages[0]["type"] == "connected"
    assert data(messages) == expected
    assert await asyncio.to_thread(server.logged, "connection_closed", session_id=session_id, reason="client")

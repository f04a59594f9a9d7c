"""Every example of the document is from a conversation that is replayed with a real server."""

from typing import Any

import pytest

from service import __version__
from service.asyncapi import asyncapi
from service.asyncapi.conversations import WITH_TOKENS
from service.protocol.limits import Limits
from tests.conftest import RunningServer, StartServer
from tests.integration.asyncapi.replay import Replay
from tests.integration.publishing.back_end import PUBLISH_TOKEN

Json = dict[str, Any]

CONVERSATIONS: list[Json] = asyncapi(Limits(), __version__, "localhost:8000")["x-conversations"]


@pytest.mark.parametrize("conversation", CONVERSATIONS, ids=[one["name"] for one in CONVERSATIONS])
async def test_a_conversation_is_replayed(
    server: RunningServer, start_server: StartServer, session_id: str, conversation: Json
) -> None:
    secrets = {"AUTH_JWT_KEY": WITH_TOKENS["AUTH_JWT_KEY"], "PUBLISH_TOKEN": PUBLISH_TOKEN}
    settings = {name: secrets.get(name, value) for name, value in conversation["settings"].items()}
    lines = conversation["lines"]
    async with Replay(start_server(**settings) if settings else server, session_id, lines) as replay:
        for line in lines:
            await replay.replay(line)

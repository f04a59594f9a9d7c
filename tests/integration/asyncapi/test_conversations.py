"""Every example of the document is from a conversation that is replayed with a real server."""

from itertools import pairwise
from typing import Any

import pytest

from service import __version__
from service.asyncapi import asyncapi
from service.protocol.limits import Limits
from service.protocol.messages import ClientMessageType
from service.protocol.server_messages import SERVER_MESSAGE_TYPES
from tests.conftest import RunningServer, StartServer
from tests.integration.asyncapi.replay import Replay

Json = dict[str, Any]

CONVERSATIONS: list[Json] = asyncapi(Limits(), __version__, "localhost:8000")["x-conversations"]


@pytest.mark.parametrize("conversation", CONVERSATIONS, ids=[one["name"] for one in CONVERSATIONS])
async def test_a_conversation_is_replayed(
    server: RunningServer, start_server: StartServer, session_id: str, conversation: Json
) -> None:
    settings = conversation["settings"]
    async with Replay(start_server(**settings) if settings else server, session_id) as replay:
        for line in conversation["lines"]:
            await replay.replay(line)


def test_every_message_has_an_example_and_every_example_is_from_a_conversation(document: Json) -> None:
    messages = document["components"]["messages"]
    assert set(messages) == {*ClientMessageType, *SERVER_MESSAGE_TYPES.values()}
    lines = {one["name"]: one["lines"] for one in CONVERSATIONS}
    for type_, message in messages.items():
        assert message["examples"], type_
        sender = "client" if type_ in set(ClientMessageType) else "server"
        for example in message["examples"]:
            assert {sender: example["payload"]} in lines[example["name"]]


def test_every_reply_in_a_conversation_is_declared(document: Json) -> None:
    answered = set()
    for conversation in CONVERSATIONS:
        for sent, received in pairwise(conversation["lines"]):
            if "client" in sent and "server" in received:
                operation = document["operations"][f"receive_{sent['client']['type']}"]
                declared = {ref["$ref"].rpartition("/")[2] for ref in operation["reply"]["messages"]}
                assert received["server"]["type"] in declared
                answered.add(sent["client"]["type"])
    assert answered == {*ClientMessageType} - {"ack"}

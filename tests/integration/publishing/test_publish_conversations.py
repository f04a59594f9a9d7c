"""Every conversation on the publish socket that is in the document is replayed with a real server."""

import json
from contextlib import AsyncExitStack
from typing import Any

import pytest

from service.asyncapi.example_messages import SESSION_ID, STREAM_ID
from service.asyncapi.publish_channel import publish_examples
from tests.conftest import RunningServer
from tests.integration.publishing.back_end import PUBLISH_TOKEN, BackEnd, address_of, opened

Json = dict[str, Any]

CONVERSATIONS = publish_examples()


@pytest.mark.parametrize("conversation", CONVERSATIONS, ids=[one["name"] for one in CONVERSATIONS])
async def test_a_conversation_is_replayed(
    publishing: RunningServer, producer: BackEnd, session_id: str, conversation: Json
) -> None:
    created, *lines = conversation["lines"]
    call = created["producer"]
    assert call["call"] == f"POST /v1/sessions/{SESSION_ID}/streams"
    stream_id = (await producer.create(session_id, **call["body"]))["stream_id"]
    first = lines[0].get("client", {})
    headers = {} if first.get("type") == "auth" else {"Authorization": f"Bearer {PUBLISH_TOKEN}"}
    async with AsyncExitStack() as sockets:
        socket = await sockets.enter_async_context(
            opened(address_of(publishing), stream_id, additional_headers=headers)
        )
        for line in lines:
            match line:
                case {"client": {"type": "auth"}}:
                    await socket.send("auth", token=PUBLISH_TOKEN)
                case {"client": message}:
                    await socket.connection.send(json.dumps(message))
                case {"server": message}:
                    received = await socket.receive()
                    assert list(received) == list(message)
                    assert received | {"message": ""} == message | {"message": ""}
                case {"producer": {"call": path}}:
                    await producer.call(path.removeprefix("POST /v1").replace(STREAM_ID, stream_id))
                    assert producer.status == 200
                case {"closes": code}:
                    assert await socket.closed() == ([], code)
                case _:
                    raise AssertionError(line)

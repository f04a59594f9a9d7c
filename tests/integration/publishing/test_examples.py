"""The examples of the OpenAPI document are calls that a test makes, and their answers."""

import json
from typing import Any

from service.publishing.examples import EXAMPLES, SESSION_ID, STREAM_ID
from tests.clients.direct import get
from tests.conftest import RunningServer
from tests.integration.publishing.back_end import BackEnd

VARYING = {"stream_id", "session_id", "trace_id", "silent_ms"}


async def test_each_example_is_answered_as_the_document_shows(producer: BackEnd, session_id: str) -> None:
    actual: dict[str, Any] = {}
    for example in EXAMPLES:
        target = example.target.replace(SESSION_ID, session_id).replace(STREAM_ID, actual.get("stream_id", ""))
        content = example.body if isinstance(example.body, str) else json.dumps(example.body or {})
        answer = await producer.call(target.removeprefix("/v1"), method=example.method, content=content)
        assert producer.status in {200, 201}
        assert list(answer) == list(example.answer)
        assert {**answer, **dict.fromkeys(VARYING)} == {**example.answer, **dict.fromkeys(VARYING)}
        actual |= answer


async def test_the_document_has_them(server: RunningServer) -> None:
    paths = (await get(server, "/openapi.json")).json()["paths"]
    shown = [
        media["example"]
        for operations in paths.values()
        for operation in operations.values()
        for response in operation["responses"].values()
        for media in response.get("content", {}).values()
        if "example" in media
    ]
    assert [example for example in EXAMPLES if example.answer not in shown] == []

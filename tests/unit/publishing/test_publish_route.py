"""Calls that do not fit: what is answered, and what is read of them."""

import httpx
import pytest

from tests.unit.publishing.press import SECRET, Press, create, error
from tests.unit.publishing.test_routes import client, press, statuses

__all__ = ["client", "press"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/sessions/a%20b/streams", {"content_type": "text"}),
        ("/sessions/../streams", {"content_type": "text"}),
        ("/sessions/s/streams", {}),
        ("/sessions/s/streams", {"content_type": "pdf"}),
        ("/sessions/s/streams", {"content_type": "text", "speed": "warp"}),
        ("/sessions/s/streams", {"content_type": "text", "content": "x"}),
        ("/sessions/s/streams", {"content_type": "text", "request_id": "r" * 65}),
        ("/sessions/s/streams", {"content_type": "text", "space": "other"}),
        ("/sessions/s/streams", []),
        ("/streams/x/append?epoch=0", None),
        ("/streams/x/append?offset=0", None),
        ("/streams/x/append?epoch=-1&offset=0", None),
        ("/streams/x/append?epoch=0&offset=-1", None),
        ("/streams/x/append?epoch=0&offset=1e3", None),
        ("/streams/x/append?epoch=0&offset=99999999999999999999", None),
        ("/streams/" + "x" * 65 + "/append?epoch=0&offset=0", None),
        ("/streams/x/close?epoch=0", {"status": "open", "offset": 0}),
        ("/streams/x/close?epoch=0", {"status": "complete"}),
        ("/streams/x/close?epoch=0", {"status": "complete", "offset": 0, "sha256": "0"}),
        ("/streams/x/close?epoch=0", {"status": "complete", "offset": -1}),
        ("/streams/x/touch", None),
    ],
)
async def test_a_call_that_does_not_fit_is_answered_with_what_is_wrong(
    client: httpx.AsyncClient, path: str, body: object
) -> None:
    answer = await client.post(path, json=body)
    if answer.status_code != 404:  # the path of another session
        assert error(answer) == {"http": 400, "code": "invalid_request"}


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 1000, b'{"content_type": "\\ud800"}', b"null"])
async def test_what_is_no_object_is_answered_without_a_copy_of_it(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post("/sessions/s/streams", content=body)
    assert error(answer) == {"http": 400, "code": "invalid_request"}


async def test_nothing_of_a_body_is_read_before_the_token_is_checked(press: Press) -> None:
    paths = press.app.openapi()["paths"]
    calls = [(path, method) for path in paths for method in paths[path]]
    assert len(calls) == 7
    for template, method in calls:
        path = template.replace("{session_id}", "s").replace("{stream_id}", "x") + "?epoch=0&offset=0"
        assert await statuses(press, method, path, {}) == [401]
        assert await statuses(press, method, path, {"Authorization": "Bearer wrong"}) == [401]
    assert len(press.refusals) == 14


async def test_a_body_that_does_not_end_changes_nothing(press: Press, client: httpx.AsyncClient) -> None:
    stream_id = (await create(client))["stream_id"]
    path = f"/v1/streams/{stream_id}/append?epoch=0&offset=0"
    headers = {"Authorization": f"Bearer {SECRET}"}
    assert await statuses(press, "post", path, headers, iter([b"Hel", b"lo"])) == [400]
    assert press.store.sources[stream_id] == b""

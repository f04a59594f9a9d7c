"""The creation of live streams: once for a key, charged as a request, in a session that may have a secret."""

import httpx
import pytest

from service.session.ports import StoreUnavailable
from tests.unit.publishing.press import MAX_REQUESTS, Press, append, create, error
from tests.unit.publishing.test_routes import client, press

__all__ = ["client", "press"]


@pytest.mark.parametrize("key", ["k", "k" * 255, "a key, with a comma"])
async def test_the_same_key_is_the_same_stream_and_is_charged_once(press: Press, key: str) -> None:
    async with press.client(**{"Idempotency-Key": key}) as client:
        created = [await create(client, speed="fast") for _ in range(5)]
        await append(client, created[0]["stream_id"], 0, b"Hello")
        assert (await create(client, speed="fast"))["offset"] == 5
        other = await client.post("/sessions/s-1/streams", json={"content_type": "text", "speed": "slow"})
    assert {stream["stream_id"] for stream in created} == {created[0]["stream_id"]}
    assert error(other) == {"http": 422, "code": "key_reused"}
    assert press.sessions.used == {"s-1": 1}


async def test_a_call_that_was_counted_and_not_stored_is_completed_by_its_repetition(press: Press) -> None:
    async with press.client(**{"Idempotency-Key": "k"}) as client:
        press.store.failure = StoreUnavailable()
        assert (await client.post("/sessions/s-1/streams", json={"content_type": "text"})).status_code == 503
        press.store.failure = None
        assert (await create(client))["stream_id"] in press.store.records
    assert press.sessions.used == {"s-1": 1}


@pytest.mark.parametrize("keys", [[""], ["k" * 256], ["k", "k"], ["schlüssel"]])
async def test_a_key_is_one_short_line(press: Press, client: httpx.AsyncClient, keys: list[str]) -> None:
    headers = [(b"Idempotency-Key", key.encode()) for key in keys]
    answer = await client.post("/sessions/s-1/streams", json={"content_type": "text"}, headers=headers)
    assert error(answer) == {"http": 400, "code": "invalid_request"}
    assert press.sessions.used == {}


async def test_creating_costs_a_request_of_the_session(client: httpx.AsyncClient) -> None:
    for _ in range(MAX_REQUESTS):
        await create(client)
    answer = await client.post("/sessions/s-1/streams", json={"content_type": "text"})
    assert error(answer) == {"http": 429, "code": "requests_used_up"}
    await create(client, "another")


async def test_a_reserved_session_needs_its_secret(press: Press) -> None:
    async with press.client(**{"X-Session-Secret": "right"}) as client:
        await create(client)
    for secret in ({"X-Session-Secret": "wrong"}, {}):
        async with press.client(**secret) as client:
            answer = await client.post("/sessions/s-1/streams", json={"content_type": "text"})
            assert error(answer) == {"http": 403, "code": "session_reserved"}
    async with press.client() as client:
        twice = [("X-Session-Secret", "right")] * 2
        answer = await client.post("/sessions/s-1/streams", json={"content_type": "text"}, headers=twice)
        assert error(answer)["code"] == "invalid_request"

"""The request limit of a session is exact, on all instances together."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from service.stores.factory import FILE_NAME
from streaming_content import Message
from tests.clients.recovering import RecoveringClient
from tests.integration.instances.conftest import StartInstances
from tests.integration.instances.instances import Instances

CONNECTIONS = 200
REQUESTS_OF_EACH = 10
LOCK_SECONDS = 2
"""More than the requests of a worker waited for the lock when its limit gave way."""


async def test_four_instances_admit_exactly_the_limit_of_two_thousand_concurrent_requests(
    start_instances: StartInstances,
) -> None:
    await check_exact(start_instances(4))


@pytest.mark.parametrize("store", ["sqlite"])
async def test_the_limit_is_exact_while_another_program_locks_the_file(
    start_instances: StartInstances, tmp_path: Path
) -> None:
    instances = start_instances(1, MAX_WORKERS=3)
    with closing(sqlite3.connect(tmp_path / "data" / FILE_NAME, timeout=LOCK_SECONDS, isolation_level=None)) as other:

        def lock() -> None:
            other.execute("BEGIN IMMEDIATE")
            asyncio.get_running_loop().call_later(LOCK_SECONDS, other.execute, "ROLLBACK")

        await check_exact(instances, lock)


async def check_exact(
    instances: Instances,
    before_requests: Callable[[], None] = lambda: None,
    session_id: str = "shared",
    connections: int = CONNECTIONS,
) -> None:
    """Requests of all connections at once are admitted up to the limit of their session, and not one more."""
    clients = [RecoveringClient(instances.address, session_id) for _ in range(connections)]
    await asyncio.gather(*(client.join() for client in clients))
    assert all(sum(member.serving().values()) > 0 for member in instances.members)
    before_requests()
    answers = [answer for one in await asyncio.gather(*map(_request_all, clients)) for answer in one]
    outcomes = Counter(answer.get("code", answer["type"]) for answer in answers)
    assert outcomes == {"stream_complete": 100, "RATE_LIMIT_EXCEEDED": connections * REQUESTS_OF_EACH - 100}
    await asyncio.gather(*(client.leave() for client in clients))
    async with RecoveringClient(instances.address, session_id) as late:
        assert (await late.join())["requests_left"] == 0


async def _request_all(client: RecoveringClient) -> list[Message]:
    """Send all requests at once; return the terminal message of each."""
    for number in range(REQUESTS_OF_EACH):
        await client.send("stream_request", content="word", request_id=str(number))
    answers: list[Message] = []
    while len(answers) < REQUESTS_OF_EACH:
        message = await client.receive()
        if message["type"] in {"stream_complete", "error"}:
            answers.append(message)
    return answers


async def test_a_repeated_request_continues_its_stream_and_is_charged_once(
    start_instances: StartInstances,
) -> None:
    instances = start_instances(2)
    request = {"content": "word " * 40, "speed": "superfast", "request_id": "mine"}
    async with (
        RecoveringClient(instances.address, "again") as first,
        RecoveringClient(instances.address, "again") as second,
    ):
        await first.join()
        await first.send("stream_request", **request)
        start = await first.receive_type("stream_start")
        await second.join()  # least_conn: on the other instance
        await second.send("stream_request", **request, token=first.token)
        again = await second.receive_type("stream_start")
        assert (again["stream_id"], again["request_id"]) == (start["stream_id"], "mine")
        assert await second.rest(0) == request["content"]
        messages, code = await first.closed()
        assert (messages[-1]["code"], code) == ("STREAM_TAKEN_OVER", 4103)
        await second.leave()
        assert (await second.join())["requests_left"] == 99


async def test_a_request_whose_first_attempt_was_lost_is_charged_once(
    start_instances: StartInstances,
) -> None:
    instances = start_instances(2)
    request = {"content": "word", "request_id": "mine"}
    async with RecoveringClient(instances.address, "lost") as client:
        await client.join()
        token = client.token  # of an attempt that never arrived
        for _ in range(3):
            await client.drop()
            await client.join()
            await client.send("stream_request", **request, token=token)
            await client.receive_type("stream_start")
            assert await client.rest(0) == "word"
        await client.leave()
        assert (await client.join())["requests_left"] == 99


async def test_a_request_id_with_other_content_is_a_conflict(start_instances: StartInstances) -> None:
    instances = start_instances(2)
    async with (
        RecoveringClient(instances.address, "conflict") as first,
        RecoveringClient(instances.address, "conflict") as second,
    ):
        await first.stream(content="one", request_id="mine")
        await second.join()
        await second.send("stream_request", content="two", request_id="mine", token=first.token)
        answer = await second.receive()
        assert (answer["type"], answer["code"], answer["request_id"]) == ("error", "INVALID_MESSAGE", "mine")
        await second.leave()
        assert (await second.join())["requests_left"] == 99

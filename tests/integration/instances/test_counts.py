"""What a session may ask for is counted exactly, wherever its connections are."""

import asyncio
from collections import Counter

from streaming_content_client import Message
from tests.clients.recovering import RecoveringClient
from tests.integration.instances.conftest import StartInstances

CONNECTIONS = 200
REQUESTS_OF_EACH = 10


async def test_of_two_thousand_at_once_on_four_instances_exactly_a_hundred_are_admitted(
    start_instances: StartInstances,
) -> None:
    instances = start_instances(4)
    clients = [RecoveringClient(instances.address, "shared") for _ in range(CONNECTIONS)]
    await asyncio.gather(*(client.join() for client in clients))
    assert all(sum(member.serving().values()) > 0 for member in instances.members)
    answers = [answer for one in await asyncio.gather(*map(_asks, clients)) for answer in one]
    told = Counter(answer.get("code", answer["type"]) for answer in answers)
    assert told == {"stream_complete": 100, "RATE_LIMIT_EXCEEDED": CONNECTIONS * REQUESTS_OF_EACH - 100}
    await asyncio.gather(*(client.leave() for client in clients))
    async with RecoveringClient(instances.address, "shared") as late:
        assert (await late.join())["requests_left"] == 0


async def _asks(client: RecoveringClient) -> list[Message]:
    """All at once; the terminal message of each."""
    for number in range(REQUESTS_OF_EACH):
        await client.send("stream_request", content="word", request_id=str(number))
    answers: list[Message] = []
    while len(answers) < REQUESTS_OF_EACH:
        message = await client.receive()
        if message["type"] in {"stream_complete", "error"}:
            answers.append(message)
    return answers


async def test_a_request_that_comes_again_is_the_same_stream_and_is_charged_once(
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


async def test_a_request_whose_first_attempt_was_lost_is_charged_once_however_often_it_comes(
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


async def test_the_same_name_for_other_content_is_a_conflict(start_instances: StartInstances) -> None:
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

"""What the document says of a client's messages is what the decoder does with them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from service import __version__
from service.asyncapi import asyncapi
from service.protocol.codec import decode
from service.protocol.errors import ClientMistake
from service.protocol.limits import Limits
from service.protocol.messages import ClientMessage, ClientMessageType
from tests.clients.direct import joined
from tests.conftest import RunningServer

Json = dict[str, Any]

DOCUMENT = asyncapi(Limits(), __version__, "localhost:8000")


def resolved(schema: Json) -> Json:
    """The schema with what it refers to."""
    for part in schema.get("allOf", []):
        schema = {**DOCUMENT["components"]["schemas"][part["$ref"].rpartition("/")[2]], **schema}
    return schema


def fields() -> Iterator[tuple[str, str, Json]]:
    """Each field of each message of a client with its schema, but for the types."""
    for type_ in ClientMessageType:
        name = DOCUMENT["components"]["messages"][type_]["payload"]["$ref"].rpartition("/")[2]
        for field, schema in DOCUMENT["components"]["schemas"][name]["properties"].items():
            if field != "type":
                yield str(type_), field, resolved(schema)


def each(*, having: str) -> pytest.MarkDecorator:
    found = [(type_, field, schema) for type_, field, schema in fields() if having in schema]
    return pytest.mark.parametrize(("type_", "field", "schema"), found, ids=[f"{one[0]}.{one[1]}" for one in found])


def example(type_: str, **fields: object) -> Json:
    """The fullest example of a message, with these fields instead."""
    payloads: list[Json] = [one["payload"] for one in DOCUMENT["components"]["messages"][type_]["examples"]]
    fullest = max(payloads, key=len)
    return {**fullest, **fields}


def decoded(message: Json) -> ClientMessage:
    return decode(json.dumps(message))


@pytest.mark.parametrize("type_", ClientMessageType)
def test_every_example_is_a_message(type_: ClientMessageType) -> None:
    for one in DOCUMENT["components"]["messages"][type_]["examples"]:
        assert ClientMessageType.of(decoded(one["payload"])) is type_


@each(having="default")
def test_a_field_that_is_missing_is_its_default(type_: str, field: str, schema: Json) -> None:
    whole = example(type_, **{field: schema["default"]})
    without = {name: value for name, value in whole.items() if name != field}
    assert decoded(without) == decoded(whole)


@each(having="enum")
def test_each_name_is_taken_and_no_other(type_: str, field: str, schema: Json) -> None:
    for name in schema["enum"]:
        assert getattr(decoded(example(type_, **{field: name})), field) == name
    with pytest.raises(ClientMistake):
        decoded(example(type_, **{field: "another"}))


@each(having="maxLength")
def test_the_longest_text_is_taken_and_none_longer(type_: str, field: str, schema: Json) -> None:
    longest = "é" * schema["maxLength"]
    assert getattr(decoded(example(type_, **{field: longest})), field) == longest
    with pytest.raises(ClientMistake):
        decoded(example(type_, **{field: longest + "é"}))


@each(having="minimum")
def test_a_number_is_taken_within_its_bounds_and_no_other(type_: str, field: str, schema: Json) -> None:
    for bound, beyond in ((schema["minimum"], -1), (schema["maximum"], 1)):
        assert getattr(decoded(example(type_, **{field: bound})), field) == bound
        with pytest.raises(ClientMistake):
            decoded(example(type_, **{field: bound + beyond}))


@each(having="type")
def test_another_type_is_refused(type_: str, field: str, schema: Json) -> None:
    other = 7 if schema["type"] == "string" else "seven"
    with pytest.raises(ClientMistake):
        decoded(example(type_, **{field: other}))
    with pytest.raises(ClientMistake):
        decoded(example(type_, **{field: None}))


async def test_what_is_required_may_not_be_missing(server: RunningServer, session_id: str) -> None:
    async with joined(server, session_id) as client:
        for type_ in ClientMessageType:
            name = DOCUMENT["components"]["messages"][type_]["payload"]["$ref"].rpartition("/")[2]
            for field in DOCUMENT["components"]["schemas"][name]["required"]:
                message = example(type_)
                del message[field]
                await client.send_frame(json.dumps(message))
                await client.send("ping")
                answers = await client.receive_until("pong")
                assert [answer["type"] for answer in answers] == ["error", "pong"], (type_, field)

"""The decoder accepts the messages that the document allows, and no others."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from service import __version__
from service.asyncapi import asyncapi
from service.protocol.codec import decode
from service.protocol.errors import ClientMistake
from service.protocol.limits import Limits
from service.protocol.messages import ClientMessage, ClientMessageType, StreamRequest
from service.session.validation import validate_request

Json = dict[str, Any]

DOCUMENT = asyncapi(Limits(), __version__, "localhost:8000")


def resolved(schema: Json) -> Json:
    """The schema merged with those that it refers to."""
    for part in schema.get("allOf", []):
        schema = {**DOCUMENT["components"]["schemas"][part["$ref"].rpartition("/")[2]], **schema}
    return schema


def fields() -> Iterator[tuple[str, str, Json]]:
    """Each field of each message of a client with its schema, without ``type``."""
    for type_ in ClientMessageType:
        name = DOCUMENT["components"]["messages"][type_]["payload"]["$ref"].rpartition("/")[2]
        for field, schema in DOCUMENT["components"]["schemas"][name]["properties"].items():
            if field != "type":
                yield str(type_), field, resolved(schema)


def each(*, having: str) -> pytest.MarkDecorator:
    found = [(type_, field, schema) for type_, field, schema in fields() if having in schema]
    return pytest.mark.parametrize(("type_", "field", "schema"), found, ids=[f"{one[0]}.{one[1]}" for one in found])


def example(type_: str, **fields: object) -> Json:
    """The example of a message with the most fields, with some replaced."""
    payloads: list[Json] = [one["payload"] for one in DOCUMENT["components"]["messages"][type_]["examples"]]
    longest = max(payloads, key=len)
    return {**longest, **fields}


def decoded(message: Json) -> ClientMessage:
    return decode(json.dumps(message))


@pytest.mark.parametrize("type_", ClientMessageType)
def test_every_example_is_decoded(type_: ClientMessageType) -> None:
    for one in DOCUMENT["components"]["messages"][type_]["examples"]:
        assert ClientMessageType.of(decoded(one["payload"])) is type_


@each(having="default")
def test_a_missing_field_has_its_default(type_: str, field: str, schema: Json) -> None:
    whole = example(type_, **{field: schema["default"]})
    without = {name: value for name, value in whole.items() if name != field}
    assert decoded(without) == decoded(whole)


@each(having="enum")
def test_only_the_listed_names_are_accepted(type_: str, field: str, schema: Json) -> None:
    for name in schema["enum"]:
        assert getattr(decoded(example(type_, **{field: name})), field) == name
    with pytest.raises(ClientMistake):
        decoded(example(type_, **{field: "another"}))


@each(having="maxLength")
def test_text_is_accepted_up_to_its_maximum_length(type_: str, field: str, schema: Json) -> None:
    longest = "é" * schema["maxLength"]
    assert getattr(decoded(example(type_, **{field: longest})), field) == longest
    with pytest.raises(ClientMistake):
        decoded(example(type_, **{field: longest + "é"}))


@each(having="minimum")
def test_a_number_is_accepted_within_its_bounds(type_: str, field: str, schema: Json) -> None:
    for bound, beyond in ((schema["minimum"], -1), (schema["maximum"], 1)):
        assert getattr(decoded(example(type_, **{field: bound})), field) == bound
        with pytest.raises(ClientMistake):
            decoded(example(type_, **{field: bound + beyond}))


@each(having="type")
def test_a_value_of_another_type_is_an_error(type_: str, field: str, schema: Json) -> None:
    other = 7 if schema["type"] == "string" else "seven"
    with pytest.raises(ClientMistake):
        decoded(example(type_, **{field: other}))
    with pytest.raises(ClientMistake):
        decoded(example(type_, **{field: None}))


@pytest.mark.parametrize("type_", ClientMessageType)
def test_a_required_field_may_not_be_missing(type_: str) -> None:
    name = DOCUMENT["components"]["messages"][type_]["payload"]["$ref"].rpartition("/")[2]
    for field in DOCUMENT["components"]["schemas"][name]["required"]:
        message = example(type_)
        del message[field]
        if field == "content":  # decoded as empty content, which has an error of its own
            request = decoded(message)
            assert isinstance(request, StreamRequest)
            assert validate_request(request, 0, Limits(), queue_full=False) is not None
        else:
            with pytest.raises(ClientMistake):
                decoded(message)

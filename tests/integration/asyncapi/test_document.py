"""The document is one, by the word of the official parser, and says of the protocol what holds."""

import copy
import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from msgspec import Struct

from service.asyncapi.descriptions import ANSWERS, ANY_MESSAGE, ERRORS, FIELDS, MESSAGES, REFUSALS, VALUES
from service.protocol import errors
from service.protocol.codec import WIRE, is_session_id
from service.protocol.errors import ErrorCode, StreamingError
from service.protocol.messages import ClientMessageType
from service.protocol.server_messages import SERVER_MESSAGE_TYPES, ServerMessage
from tests.integration.asyncapi.parser import fits_in_javascript, parsed
from tests.ops.packaging.project import PROJECT

Json = dict[str, Any]

SERVER = get_args(ServerMessage)


def test_the_official_parser_has_nothing_against_it(document: Json) -> None:
    answer = parsed(document)
    assert answer["against"] == []
    assert answer["found"]["version"] == "3.1.0"
    assert answer["found"]["messages"] == [*ClientMessageType, *SERVER_MESSAGE_TYPES.values()]


def test_it_takes_the_services_side(document: Json) -> None:
    found = parsed(document)["found"]
    assert found["receives"] == [f"receive_{type_}" for type_ in ClientMessageType]
    assert found["sends"] == [f"send_{type_}" for type_ in SERVER_MESSAGE_TYPES.values()]


@pytest.mark.parametrize(
    ("message", "field", "value"),
    [
        ("chunk", "index", "first"),
        ("connected", "timestamp", 7),
        ("error", "code", "OUT_OF_TEA"),
        ("recover", "last_index", -2),
        ("stream_request", "speed", "warp"),
        ("stream_request", "request_id", "r" * 65),
        ("stream_start", "type", "stream_begin"),
    ],
)
def test_an_example_that_does_not_fit_is_found(document: Json, message: str, field: str, value: object) -> None:
    wrong = copy.deepcopy(document)
    wrong["components"]["messages"][message]["examples"][0]["payload"][field] = value
    assert parsed(wrong)["against"]


def test_the_parser_finds_an_operation_whose_message_is_gone(document: Json) -> None:
    wrong = copy.deepcopy(document)
    del wrong["channels"]["stream"]["messages"]["pong"]
    assert parsed(wrong)["against"]


def test_each_message_has_the_fields_of_its_type_in_their_order(document: Json) -> None:
    schemas = document["components"]["schemas"]
    for message, type_ in [*WIRE.items(), *((message, message) for message in SERVER)]:
        assert list(schemas[message.__name__]["properties"]) == ["type", *type_.__struct_fields__]
        assert set(type_.__struct_fields__) == set(message.__struct_fields__), "the decoder forgets or invents one"


def test_every_field_and_every_name_has_its_words(document: Json) -> None:
    for name, schema in document["components"]["schemas"].items():
        assert [field for field, told in schema.get("properties", {}).items() if not told.get("description")] == [], (
            name
        )
        assert [value for value in schema.get("enum", []) if f"- `{value}`: " not in schema["description"]] == [], name


def test_there_are_no_words_for_what_is_gone(document: Json) -> None:
    schemas = document["components"]["schemas"]
    fields = {name: set(schema["properties"]) for name, schema in schemas.items() if "properties" in schema}
    assert [(name, words.keys() - fields[name]) for name, words in FIELDS.items() if words.keys() - fields[name]] == []
    assert set(ANY_MESSAGE) <= set().union(*fields.values())
    assert {"ErrorCode", *(names.__name__ for names in VALUES)} == {name for name in schemas if "enum" in schemas[name]}
    assert set(MESSAGES) == {*WIRE, *SERVER}
    assert set(ANSWERS) == set(WIRE)


def test_it_tells_of_every_error(document: Json) -> None:
    assert set(ERRORS) == {kind for kind in descendants(StreamingError) if hasattr(kind, "code")}
    assert {told["code"] for told in document["x-errors"]} == set(ErrorCode)


def test_it_has_every_refusal() -> None:
    sources = "".join(source.read_text() for source in (PROJECT / "service").rglob("*.py"))
    assert set(REFUSALS) == {int(status) for status in re.findall(r"_refuse\(send, (\d{3}),", sources)}


def test_the_pattern_of_session_ids_is_the_services_in_javascript_too(document: Json) -> None:
    pattern = document["channels"]["stream"]["parameters"]["session_id"]["x-pattern"]
    texts = [
        "editor-7",
        "a",
        "a" * 64,
        "A:b.c_d",
        "...",
        ".a",
        "",
        ".",
        "..",
        "a" * 65,
        "a b",
        "a/b",
        "é",
        "a\n",
        ".\n",
    ]
    assert fits_in_javascript(pattern, texts) == [is_session_id(text) for text in texts]


def descendants(kind: type[StreamingError]) -> Iterator[type[StreamingError]]:
    """Those that the service has; tests have some of their own."""
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield child
        yield from descendants(child)


def test_nothing_is_told_twice(document: Json) -> None:
    """A name that two types share would hide one of them."""
    types: list[type[Struct]] = [*WIRE, *SERVER]
    assert len({message.__name__ for message in types}) == len(types) == len(document["components"]["messages"])

"""The document is valid for the official parser."""

import copy
from typing import Any

import pytest

from service.asyncapi.publish_channel import PRODUCER_MESSAGES, PUBLISHER_MESSAGES, name_of
from service.protocol.codec import is_session_id
from service.protocol.messages import ClientMessageType
from service.protocol.server_messages import SERVER_MESSAGE_TYPES
from tests.integration.asyncapi.parser import Parser, matches_in_javascript

Json = dict[str, Any]


def test_the_official_parser_accepts_it(document: Json, parser: Parser) -> None:
    answer = parser.parse(document)
    assert answer["errors"] == []
    assert answer["found"]["version"] == "3.1.0"
    readers = [name for name in answer["found"]["messages"] if not name.startswith("publish_")]
    assert readers == [*ClientMessageType, *SERVER_MESSAGE_TYPES.values()]


def test_it_has_the_perspective_of_the_service(document: Json, parser: Parser) -> None:
    found = parser.parse(document)["found"]
    producers = [name_of(message) for message in PRODUCER_MESSAGES]
    publishers = [name_of(message) for message in PUBLISHER_MESSAGES]
    assert found["receives"] == [f"receive_{type_}" for type_ in (*ClientMessageType, *producers)]
    assert found["sends"] == [f"send_{type_}" for type_ in (*SERVER_MESSAGE_TYPES.values(), *publishers)]


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
def test_the_parser_finds_an_invalid_example(
    document: Json, parser: Parser, message: str, field: str, value: object
) -> None:
    wrong = copy.deepcopy(document)
    wrong["components"]["messages"][message]["examples"][0]["payload"][field] = value
    assert parser.parse(wrong)["errors"]


def test_the_parser_finds_an_operation_without_its_message(document: Json, parser: Parser) -> None:
    wrong = copy.deepcopy(document)
    del wrong["channels"]["stream"]["messages"]["pong"]
    assert parser.parse(wrong)["errors"]


def test_the_pattern_of_session_ids_means_the_same_in_javascript(document: Json) -> None:
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
    assert matches_in_javascript(pattern, texts) == [is_session_id(text) for text in texts]

"""The document agrees with the types of the protocol, and its examples with its conversations."""

from itertools import pairwise
from typing import Any

from service import __version__
from service.asyncapi import asyncapi
from service.asyncapi.publish_channel import PRODUCER_MESSAGES, PUBLISHER_MESSAGES, name_of
from service.asyncapi.schemas import CLIENT_MESSAGES, SERVER_MESSAGES, tag_of
from service.protocol.close_codes import CloseCode
from service.protocol.errors import ErrorCode
from service.protocol.limits import Limits
from service.protocol.messages import ClientMessageType
from service.protocol.publish_errors import PublishErrorCode
from service.protocol.server_messages import SERVER_MESSAGE_TYPES

Json = dict[str, Any]

DOCUMENT: Json = asyncapi(Limits(max_content_bytes=5000), __version__, "localhost:8000")


def test_each_message_has_the_fields_of_its_type_in_their_order() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    for message in (*CLIENT_MESSAGES, *SERVER_MESSAGES):
        assert list(schemas[message.__name__]["properties"]) == ["type", *message.__struct_encode_fields__]


def test_every_message_field_and_name_has_a_description() -> None:
    for name, schema in DOCUMENT["components"]["schemas"].items():
        assert schema["description"], name
        fields = schema.get("properties", {})
        assert [field for field, described in fields.items() if not described.get("description")] == [], name
        assert [value for value in schema.get("enum", []) if f"- `{value}`: " not in schema["description"]] == [], name


def test_it_has_every_error_code() -> None:
    assert {error["code"] for error in DOCUMENT["x-errors"]} == set(ErrorCode)
    assert all(error["when"] for error in DOCUMENT["x-errors"])


def test_it_has_every_close_code() -> None:
    assert [entry["code"] for entry in DOCUMENT["x-close-codes"]] == list(CloseCode)


def test_it_has_the_limits_of_the_service() -> None:
    assert DOCUMENT["x-limits"]["max_content_size"] == 5000


def test_every_message_has_an_example_and_every_example_is_from_a_conversation() -> None:
    messages = {
        name: one for name, one in DOCUMENT["components"]["messages"].items() if not name.startswith("publish_")
    }
    assert set(messages) == {*ClientMessageType, *SERVER_MESSAGE_TYPES.values()}
    lines = {one["name"]: one["lines"] for one in DOCUMENT["x-conversations"]}
    for type_, message in messages.items():
        assert message["examples"], type_
        sender = "client" if type_ in set(ClientMessageType) else "server"
        for example in message["examples"]:
            assert {sender: example["payload"]} in lines[example["name"]]


def test_every_reply_in_a_conversation_is_declared() -> None:
    answered = set()
    for conversation in DOCUMENT["x-conversations"]:
        for sent, received in pairwise(conversation["lines"]):
            if "client" in sent and "server" in received:
                operation = DOCUMENT["operations"][f"receive_{sent['client']['type']}"]
                declared = {ref["$ref"].rpartition("/")[2] for ref in operation["reply"]["messages"]}
                assert received["server"]["type"] in declared
                answered.add(sent["client"]["type"])
    assert answered == {*ClientMessageType} - {"ack", "client_report"}


def test_the_messages_of_producers_have_examples_and_their_replies_are_declared() -> None:
    lines = {one["name"]: one["lines"] for one in DOCUMENT["x-publish-conversations"]}
    for sender, types in (("client", PRODUCER_MESSAGES), ("server", PUBLISHER_MESSAGES)):
        for type_ in types:
            examples = DOCUMENT["components"]["messages"][name_of(type_)]["examples"]
            assert examples, type_
            assert all({sender: example["payload"]} in lines[example["name"]] for example in examples)
    answered = set()
    for conversation in DOCUMENT["x-publish-conversations"]:
        for sent, received in pairwise(conversation["lines"]):
            if "client" in sent and "server" in received:
                operation = DOCUMENT["operations"][f"receive_publish_{sent['client']['type']}"]
                declared = {ref["$ref"].rpartition("/")[2] for ref in operation["reply"]["messages"]}
                assert f"publish_{received['server']['type']}" in declared
                answered.add(sent["client"]["type"])
    assert answered == {tag_of(type_) for type_ in PRODUCER_MESSAGES}


def test_it_has_the_errors_of_producers() -> None:
    assert [(error["code"], error["status"]) for error in DOCUMENT["x-publish-errors"]] == [
        (str(code), code.status) for code in PublishErrorCode
    ]

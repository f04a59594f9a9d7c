"""docs/protocol.md documents the whole protocol, and its examples are messages of it."""

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from service.asyncapi.schemas import CLIENT_MESSAGES, SERVER_MESSAGES, tag_of
from service.protocol.codec import decode
from service.protocol.fields import DescribedEnum
from service.protocol.messages import ClientMessageType, RefusalReason
from service.protocol.server_messages import CompletionMetadata, ServerMessage, SessionLimits, StreamMetadata
from tests.ops.packaging.project import PROJECT

DOCUMENT = (PROJECT / "docs" / "protocol.md").read_text()


def missing(names: set[str]) -> set[str]:
    """Those of ``names`` that the document does not contain as code."""
    return {name for name in names if f"`{name}`" not in DOCUMENT}


def test_it_documents_every_message_and_field() -> None:
    messages = [*CLIENT_MESSAGES, *SERVER_MESSAGES]
    assert missing({tag_of(message) for message in messages}) == set()
    structs: list[type[Struct]] = [*messages, SessionLimits, StreamMetadata, CompletionMetadata]
    assert missing({field for struct in structs for field in struct.__struct_encode_fields__}) == set()


def test_it_documents_every_name_that_a_field_may_contain() -> None:
    enumerations = DescribedEnum.__subclasses__()
    assert missing({str(member) for enumeration in enumerations for member in enumeration}) == set()


def test_it_has_a_remedy_for_every_refusal() -> None:
    (section,) = re.findall(r"^### Reasons for a refusal\n(.*?)(?=^#)", DOCUMENT, re.MULTILINE | re.DOTALL)
    _, *reasons = re.findall(r"^\| `(\w+)` \| .+ \| .+ \|$", section, re.MULTILINE)
    assert set(reasons) == set(RefusalReason)


def test_every_message_has_an_example_and_every_example_is_valid() -> None:
    examples = list(json_examples())
    fields = {tag_of(message): set(message.__struct_encode_fields__) for message in SERVER_MESSAGES}
    assert {example["type"] for example in examples} == fields.keys() | set(ClientMessageType)
    for example in examples:
        if example["type"] in set(ClientMessageType):
            decode(json.dumps(example))
        else:
            msgspec.convert(example, ServerMessage)  # raises for a missing field or a wrong type
            assert example.keys() <= fields[example["type"]] | {"type"}


def json_examples() -> Iterator[dict[str, Any]]:
    """The JSON objects in the code blocks of the document."""
    for block in re.findall(r"^```json\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL):
        rest = block.strip()
        while rest:
            example, end = json.JSONDecoder().raw_decode(rest)
            yield example
            rest = rest[end:].lstrip()

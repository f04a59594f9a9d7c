"""JSON schemas of all messages, generated from the types of ``service.protocol`` with their descriptions."""

from collections.abc import Mapping, Sequence
from typing import Any, get_args

import msgspec
from msgspec import Struct

from service.protocol.errors import ErrorCode, error_classes
from service.protocol.fields import DescribedEnum
from service.protocol.messages import ClientMessage
from service.protocol.server_messages import ServerMessage

Json = dict[str, Any]

SCHEMAS = "#/components/schemas/"

CLIENT_MESSAGES: Sequence[type[Struct]] = get_args(ClientMessage)
SERVER_MESSAGES: Sequence[type[Struct]] = get_args(ServerMessage)


def schemas() -> dict[str, Json]:
    """The schemas of messages, of the objects in them, and of the names that a field may contain, by type name."""
    _, generated = msgspec.json.schema_components((*CLIENT_MESSAGES, *SERVER_MESSAGES), ref_template=SCHEMAS + "{name}")
    errors = {str(code): " ".join(text_of(kind) for kind in error_classes() if kind.code is code) for code in ErrorCode}
    return described(generated, {ErrorCode: errors})


def described(generated: dict[str, Json], codes: Mapping[type, dict[str, str]]) -> dict[str, Json]:
    """Add the descriptions of names, and of ``codes`` by type, and write references so that all readers see them."""
    for enumeration in DescribedEnum.__subclasses__():
        if enumeration.__name__ in generated:  # else it is not of the wire
            names = {str(member): member.description for member in enumeration}
            generated[enumeration.__name__] = _enumeration(enumeration.__name__, names)
    for kind, meanings in codes.items():
        generated[kind.__name__] = _enumeration(kind.__name__, meanings)
    for schema in generated.values():
        for field, property_ in schema.get("properties", {}).items():
            schema["properties"][field] = _property(field, property_)
    return generated


def tag_of(message: type[Struct]) -> str:
    """The ``type`` of a message on the wire."""
    return str(message.__struct_config__.tag)


def text_of(described: type) -> str:
    """The description of a message or an error: its docstring in one line."""
    return " ".join((described.__doc__ or "").split())


def _enumeration(name: str, descriptions: dict[str, str]) -> Json:
    return {
        "title": name,
        "type": "string",
        "enum": list(descriptions),
        "description": "\n".join(f"- `{member}`: {text}" for member, text in descriptions.items()),
    }


def _property(field: str, schema: Json) -> Json:
    if field == "type":
        [tag] = schema["enum"]
        return {"type": "string", "const": tag, "description": "The type of the message."}
    if "$ref" in schema:  # readers of JSON Schema draft 7 ignore everything beside it
        return {"allOf": [{"$ref": schema["$ref"]}], **{key: value for key, value in schema.items() if key != "$ref"}}
    return schema

"""JSON schemas of all messages, from the types that are decoded and encoded, with the words that belong to them."""

from collections.abc import Mapping
from enum import EnumType, StrEnum
from typing import Any, get_args

import msgspec
from msgspec import Struct

from service.asyncapi.descriptions import ANY_MESSAGE, ERRORS, FIELDS, MESSAGES, VALUES
from service.protocol.codec import WIRE
from service.protocol.errors import ErrorCode
from service.protocol.server_messages import ServerMessage

Json = dict[str, Any]

PLACE = "#/components/schemas/"


def schemas() -> dict[str, Json]:
    """Each schema by its name: of the messages, of what is in them, and of the names that may stand there."""
    named: tuple[type[StrEnum], ...] = (*VALUES, ErrorCode)
    types = (*WIRE.values(), *get_args(ServerMessage), *named)
    _, made = msgspec.json.schema_components(types, ref_template=PLACE + "{name}")
    found = {name.lstrip("_"): _renamed(schema) for name, schema in made.items()}
    for message in WIRE:
        _as_decoded(found[message.__name__], message)
    for names in named:
        found[names.__name__] = _of_names(names)
    for name, schema in found.items():
        if "properties" in schema:
            _tell(schema, name)
    return found


def tag_of(message: type[Struct]) -> str:
    """The ``type`` of a message on the wire."""
    return str(message.__struct_config__.tag)


def _renamed(schema: Any) -> Any:  # noqa: ANN401 - JSON
    """The schema without the underscore of those types that only the decoder knows."""
    match schema:
        case {"$ref": str(ref), **rest}:
            return {"$ref": PLACE + ref.removeprefix(PLACE).lstrip("_"), **rest}
        case dict():
            return {key: _renamed(value) for key, value in schema.items()}
        case list():
            return [_renamed(value) for value in schema]
        case _:
            return schema


def _as_decoded(schema: Json, message: type[Struct]) -> None:
    """What the decoder says after the types fit: which strings are names, and what may not be missing."""
    fields = msgspec.structs.fields(message)
    schema["required"] = ["type", *(field.encode_name for field in fields if field.required)]
    for field in fields:
        told = schema["properties"][field.encode_name]
        if field.required:
            told.pop("default", None)
        if isinstance(field.type, EnumType):
            told.pop("type")
            told["$ref"] = PLACE + field.type.__name__


def _of_names(names: type[StrEnum]) -> Json:
    words = _ERROR_WORDS if names is ErrorCode else VALUES[names]
    return {
        "title": names.__name__,
        "type": "string",
        "enum": list(map(str, names)),
        "description": "\n".join(f"- `{name}`: {words[name]}" for name in names if name in words),
    }


def _tell(schema: Json, name: str) -> None:
    """Put the words in, and the message's type as the constant that it is."""
    schema["title"] = name
    schema.pop("description", None)  # the docstring, which is for those who read the code
    if (message := _MESSAGE_WORDS.get(name)) is not None:
        schema["description"] = message
    properties = schema["properties"]
    for field, told in properties.items():
        if field == "type":
            properties[field] = {"type": "string", "const": told["enum"][0]}
        elif "$ref" in told:  # beside which nothing else is read
            properties[field] = {"allOf": [{"$ref": told.pop("$ref")}], **told}
        words = FIELDS.get(name, {}).get(field) or ANY_MESSAGE.get(field)
        if words is not None:
            properties[field]["description"] = words


_MESSAGE_WORDS = {message.__name__: words for message, words in MESSAGES.items()}

_ERROR_WORDS: Mapping[StrEnum, str] = {
    code: "; or ".join(when for error, when in ERRORS.items() if error.code is code) for code in ErrorCode
}

"""clients/js/src/protocol.ts: the messages, the names in them and the codes, from ``service.protocol``."""

import json
from collections.abc import Iterator

from service.asyncapi.schemas import CLIENT_MESSAGES, SERVER_MESSAGES, Json, schemas
from service.protocol.close_codes import CloseCode

_HEAD = """\
// Generated from service/protocol by `make generate`. docs/protocol.md describes the messages.
"""


def typescript() -> dict[str, str]:
    return {"clients/js/src/protocol.ts": "\n".join([_HEAD, *_types(), *_close_codes()])}


def _types() -> Iterator[str]:
    for name, schema in schemas().items():
        comment = _comment(schema["description"])
        if "enum" in schema:
            yield f"{comment}export type {name} = {' | '.join(map(json.dumps, schema['enum']))};\n"
        else:
            yield f"{comment}export interface {name} {{\n{''.join(_fields(schema))}}}\n"
    yield f"export type ClientMessage = {' | '.join(message.__name__ for message in CLIENT_MESSAGES)};\n"
    yield f"export type ServerMessage = {' | '.join(message.__name__ for message in SERVER_MESSAGES)};\n"


def _fields(schema: Json) -> Iterator[str]:
    for field, described in schema["properties"].items():
        optional = "" if field in schema["required"] else "?"
        comment = "" if field == "type" else _comment(described["description"], "  ")
        yield f"{comment}  {field}{optional}: {_type(described)};\n"


def _type(schema: Json) -> str:
    match schema:
        case {"const": value}:
            return json.dumps(value)
        case {"allOf": [{"$ref": str(reference)}]}:
            return reference.rpartition("/")[2]
        case {"anyOf": [*alternatives]}:
            return " | ".join(dict.fromkeys(_type(alternative) for alternative in alternatives))
        case {"type": "integer" | "number"}:
            return "number"
        case _:
            return str(schema["type"])


def _close_codes() -> Iterator[str]:
    for code in CloseCode:
        meaning = code.meaning[0].upper() + code.meaning[1:]
        yield f"{_comment(f'{meaning}.')}export const CLOSE_{code.name} = {int(code)};\n"
    final = ", ".join(f"CLOSE_{code.name}" for code in CloseCode if not code.reconnect)
    yield _comment("After these, the next connection would end in the same way.") + (
        f"export const FINAL_CLOSE_CODES: readonly number[] = [{final}];\n"
    )


def _comment(text: str, indent: str = "") -> str:
    first, *rest = text.split("\n")
    if not rest:
        return f"{indent}/** {first} */\n"
    return "".join(f"{indent}{line}\n" for line in ("/**", *(f" * {line}" for line in (first, *rest)), " */"))

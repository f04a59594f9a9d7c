"""docs/asyncapi.md: the AsyncAPI document as a page."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from service import __version__
from service.asyncapi import asyncapi
from service.protocol.limits import Limits
from tools.generators.documents import close_codes, error_codes, refusals
from tools.generators.markdown import table

Json = dict[str, Any]

_INTRODUCTION = """\
# The messages

This page is generated from the types in `service/protocol`, as is the
[AsyncAPI 3](https://www.asyncapi.com/docs/reference/specification/latest) document that every service serves at
`/asyncapi.json` for generators of clients, mocks and pages. To change it, change the types and their descriptions, and
run `make generate`. [protocol.md](protocol.md) describes how the messages relate: order, pace, sessions, recovery.

- [Connecting](#connecting)
- [What a client sends](#what-a-client-sends)
- [What the service sends](#what-the-service-sends)
- [What a producer sends](#what-a-producer-sends)
- [What the service sends to a producer](#what-the-service-sends-to-a-producer)
- [Parts](#parts)
- [Names](#names)
- [Errors](#errors)
- [Close codes](#close-codes)
- [Conversations](#conversations)
"""


def asyncapi_page() -> dict[str, str]:
    """The page for a service with default settings."""
    document = asyncapi(Limits(), __version__, "localhost:8000")
    return {"docs/asyncapi.md": "\n".join([_INTRODUCTION, *_sections(document)])}


def _sections(document: Json) -> Iterator[str]:
    yield "## Connecting\n"
    yield from _connecting(document)
    yield "## What a client sends\n"
    yield from _messages(document, "stream", "receive")
    yield "## What the service sends\n"
    yield from _messages(document, "stream", "send")
    channel = document["channels"]["publish"]
    yield "## What a producer sends\n"
    yield f"`{channel['address']}?epoch=E`. {_linked(channel['description'])}\n"
    yield from _messages(document, "publish", "receive")
    yield "## What the service sends to a producer\n"
    yield from _messages(document, "publish", "send")
    schemas = document["components"]["schemas"]
    named = {message["payload"]["$ref"].rpartition("/")[2] for message in document["components"]["messages"].values()}
    yield "## Parts\n"
    for name, schema in schemas.items():
        if "properties" in schema and name not in named:
            yield f"### `{name}`\n"
            yield _fields(schema)
    yield "## Names\n"
    for name, schema in schemas.items():
        if "enum" in schema and name != "ErrorCode":
            yield f"### `{name}`\n\n{schema['description']}\n"
    yield "## Errors\n"
    yield error_codes()
    yield "## Close codes\n"
    yield close_codes()
    yield "## Conversations\n"
    yield "Lines of the client begin with `>`, lines of the service with `<`. A test replays each conversation.\n"
    for conversation in (*document["x-conversations"], *document["x-publish-conversations"]):
        yield from _conversation(conversation)


def _connecting(document: Json) -> Iterator[str]:
    channel = document["channels"]["stream"]
    parameter = channel["parameters"]["session_id"]
    yield f"`{channel['address']}`. {channel['description']}\n"
    yield f"`session_id`: {parameter['description']} As a pattern: `{parameter['x-pattern']}`.\n"
    yield "The handshake may be refused with an HTTP status:\n"
    yield refusals()


def _linked(text: str) -> str:
    return text.replace("`docs/publishing.md`", "[publishing.md](publishing.md)")


def _messages(document: Json, channel: str, action: str) -> Iterator[str]:
    for operation in document["operations"].values():
        if operation["action"] == action and operation["channel"]["$ref"].endswith(f"/{channel}"):
            [name] = _names(operation["messages"])
            message = document["components"]["messages"][name]
            yield f"### `{name}`\n\n{message['summary']}\n"
            yield _fields(document["components"]["schemas"][message["payload"]["$ref"].rpartition("/")[2]])
            if "reply" in operation:
                answers = ", ".join(f"[`{one}`](#{one})" for one in _names(operation["reply"]["messages"]))
                yield f"Replies: {answers}.\n"
            yield f"```json\n{_json(message['examples'][0]['payload'])}\n```\n"


def _fields(schema: Json) -> str:
    return table(
        ("Field", "Type", "Default", "Meaning"),
        (
            (
                f"`{name}`",
                _type(described),
                _default(described, required=name in schema["required"]),
                described["description"],
            )
            for name, described in schema["properties"].items()
        ),
    )


def _default(described: Json, *, required: bool) -> str:
    if "default" in described:
        return f"`{_json(described['default'])}`"
    return "required" if required else "optional"


def _type(described: Json) -> str:
    if "const" in described:
        return f"`{_json(described['const'])}`"
    if "allOf" in described:
        name = described["allOf"][0]["$ref"].rpartition("/")[2]
        return f"[`{name}`](#{'errors' if name == 'ErrorCode' else name.lower()})"
    if "anyOf" in described:
        return " or ".join(_type(one) for one in described["anyOf"])
    bounds = {
        "format": f"{described.get('format')}",
        "maxLength": f"up to {described.get('maxLength')} characters",
        "minimum": f"from {described.get('minimum')}",
        "maximum": f"to {described.get('maximum')}",
    }
    return ", ".join([described["type"], *(words for key, words in bounds.items() if key in described)])


def _conversation(conversation: Json) -> Iterator[str]:
    yield f"### {conversation['title']}\n"
    if settings := conversation.get("settings"):
        yield f"With {' and '.join(f'`{name}={value}`' for name, value in settings.items())}.\n"
    yield "```text"
    for line in conversation["lines"]:
        match line:
            case {"client": payload}:
                yield f"> {_json(payload)}"
            case {"server": payload}:
                yield f"< {_json(payload)}"
            case {"producer": {"call": call, **body}}:
                yield f"  the producer: {' '.join([call, *map(_json, body.values())])}"
            case {"closes": code}:
                yield f"  the service closes with {code}"
            case _:
                yield "  the connection is lost, and the client connects again"
    yield "```\n"


def _names(references: Iterable[Json]) -> list[str]:
    return [reference["$ref"].rpartition("/")[2] for reference in references]


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)

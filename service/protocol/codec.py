"""Decoding and encoding of frames. No other module of the service reads or writes the wire format."""

import re
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import TypeVar, cast

import msgspec
from msgspec import UNSET, Struct, UnsetType

from service.protocol.errors import (
    ClientMistake,
    ContentTooLarge,
    InvalidChunkStrategy,
    InvalidContentType,
    InvalidControlAction,
    InvalidHtmlMode,
    InvalidMessage,
    InvalidSpeed,
    UnknownMessageType,
)
from service.protocol.fields import SESSION_ID_PATTERN, Index, RequestId, StreamId, Token
from service.protocol.messages import (
    Ack,
    Auth,
    AuthRefresh,
    ChunkBy,
    ClientMessage,
    ClientMessageType,
    ClientReport,
    ContentType,
    ControlAction,
    Heartbeat,
    HtmlMode,
    Ping,
    Recover,
    Speed,
    StreamControl,
    StreamRequest,
    Watch,
)
from service.protocol.server_messages import Chunk, ServerMessage
from service.protocol.trace import TraceHeaders

_MESSAGE_TYPES = frozenset(ClientMessageType)

_QUOTED_CHARACTERS = 40

_SESSION_ID = re.compile(SESSION_ID_PATTERN)


def is_session_id(text: str) -> bool:
    """Whether the URL-decoded text is a session id: 1 to 64 of ``A-Z a-z 0-9 _ - . :``, not ``.`` or ``..``."""
    return _SESSION_ID.fullmatch(text) is not None


class _Envelope(Struct):
    type: str | UnsetType = UNSET


# The messages that contain names are decoded with strings in their place: an unknown name has an error code of its
# own, which depends on the field.


class _StreamRequest(Struct, tag_field="type", tag="stream_request"):
    content: str = ""
    content_type: str = ContentType.TEXT
    speed: str = Speed.NORMAL
    chunk_by: str = ChunkBy.WORD
    html_mode: str = HtmlMode.FRAGMENT
    request_id: RequestId | UnsetType = UNSET
    trace: TraceHeaders | UnsetType = UNSET
    token: Token | UnsetType = UNSET


class _StreamControl(Struct, tag_field="type", tag="stream_control"):
    action: str = ""


class _Watch(Struct, tag_field="type", tag="watch"):
    stream_id: StreamId
    settled: Index = 0
    html_mode: str | UnsetType = UNSET
    chunk_by: str | UnsetType = UNSET
    speed: str | UnsetType = UNSET
    request_id: RequestId | UnsetType = UNSET


_WireMessage = (
    _StreamRequest | _StreamControl | _Watch | Recover | Ack | ClientReport | Auth | AuthRefresh | Ping | Heartbeat
)

_decode_envelope = msgspec.json.Decoder(_Envelope).decode
_decode_message: Callable[[str], _WireMessage] = msgspec.json.Decoder(_WireMessage).decode

_Decoded = TypeVar("_Decoded")
_Name = TypeVar("_Name", bound=StrEnum)


def decode(data: str | bytes | None) -> ClientMessage:
    """The message in a frame: text frames as ``str``, binary frames as ``bytes``, ``None`` for one that was not kept.

    Unknown fields are ignored; a missing ``content`` is empty content, a missing ``action`` an unknown one. Raises
    ``ClientMistake`` for every other input.
    """
    if data is None:
        raise ContentTooLarge("The message is larger than any content may be. Send it in parts.")
    if isinstance(data, bytes):
        raise InvalidMessage("Binary frames are not part of the protocol. Send JSON in text frames.")
    try:
        message = _parse(_decode_message, data)
    except InvalidMessage as mistake:
        mistake.message_type = _known_type(data)
        raise
    try:
        match message:
            case _StreamRequest():
                return _request(message)
            case _StreamControl():
                return StreamControl(_member(ControlAction, message.action, InvalidControlAction, "action"))
            case _Watch():
                return _watch(message)
            case _:
                return message
    except ClientMistake as mistake:
        mistake.message_type = str(message.__struct_config__.tag)
        raise


def encode(message: ServerMessage) -> bytes:
    """One message as UTF-8 JSON, the payload of a text frame."""
    return _encoder.encode(message)


def encode_chunks(
    first_index: int, data: Iterable[str], closes: Iterable[str | UnsetType]
) -> Iterator[tuple[bytes, bytes]]:
    """Consecutive chunks without their timestamps: what ``encode`` returns before and after that of each."""
    chunks = [
        Chunk(piece, index, _NO_TIMESTAMP, close)
        for index, (piece, close) in enumerate(zip(data, closes, strict=False), first_index)
    ]
    parts = iter(_encoder.encode_lines(chunks).split(b"\n"))
    return zip(parts, parts, strict=False)


_NO_TIMESTAMP = cast("str", msgspec.Raw(b"\n"))
"""A byte that JSON escapes in strings, so that it is only there and at the end of each line."""

_encoder = msgspec.json.Encoder()


def _parse(decode: Callable[[str], _Decoded], data: str) -> _Decoded:
    try:
        return decode(data)
    except msgspec.ValidationError as error:
        raise InvalidMessage(f"The message does not fit the protocol: {error}. Correct it and send it again.") from None
    except RecursionError:
        raise InvalidMessage("The message is nested too deeply. Send a flat JSON object.") from None
    except ValueError:  # msgspec.DecodeError, UnicodeEncodeError for a lone surrogate
        raise InvalidMessage("The message is not valid JSON in UTF-8. Send one JSON object per text frame.") from None


def _known_type(data: str) -> str:
    """The type of a message with another fault. Raises ``ClientMistake`` if that fault is in the type or the JSON."""
    type_ = _parse(_decode_envelope, data).type
    if type_ not in _MESSAGE_TYPES:
        fault = "The message has no type" if type_ is UNSET else f"The message type {_quoted(type_)} is unknown"
        raise UnknownMessageType(f"{fault}. Send one of: {', '.join(ClientMessageType)}.") from None
    return type_


def _member(names: type[_Name], value: str, mistake: type[ClientMistake], field: str) -> _Name:
    try:
        return names(value)
    except ValueError:
        raise mistake(f"{field} {_quoted(value)} is unknown. Send one of: {', '.join(names)}.") from None


def _quoted(value: str) -> str:
    """A client's text in a sentence: quoted, escaped and short, because the sentence is also logged."""
    return ascii(value if len(value) <= _QUOTED_CHARACTERS else value[:_QUOTED_CHARACTERS] + "...")


def _request(fields: _StreamRequest) -> StreamRequest:
    try:
        return StreamRequest(
            content=fields.content,
            content_type=_member(ContentType, fields.content_type, InvalidContentType, "content_type"),
            speed=_member(Speed, fields.speed, InvalidSpeed, "speed"),
            chunk_by=_member(ChunkBy, fields.chunk_by, InvalidChunkStrategy, "chunk_by"),
            html_mode=_member(HtmlMode, fields.html_mode, InvalidHtmlMode, "html_mode"),
            request_id=fields.request_id,
            trace=fields.trace,
            token=fields.token,
        )
    except ClientMistake as mistake:
        mistake.request_id = fields.request_id
        raise


def _watch(fields: _Watch) -> Watch:
    try:
        return Watch(
            stream_id=fields.stream_id,
            settled=fields.settled,
            html_mode=_optional_member(HtmlMode, fields.html_mode, InvalidHtmlMode, "html_mode"),
            chunk_by=_optional_member(ChunkBy, fields.chunk_by, InvalidChunkStrategy, "chunk_by"),
            speed=_optional_member(Speed, fields.speed, InvalidSpeed, "speed"),
            request_id=fields.request_id,
        )
    except ClientMistake as mistake:
        mistake.request_id = fields.request_id
        raise


def _optional_member(
    names: type[_Name], value: str | UnsetType, mistake: type[ClientMistake], field: str
) -> _Name | UnsetType:
    return UNSET if isinstance(value, UnsetType) else _member(names, value, mistake, field)

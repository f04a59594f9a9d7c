"""From bytes to messages and back. Nothing else in the project reads or writes the wire format.

``decode`` raises only ``ClientMistake``; whatever bytes come in, nothing else comes out.
"""

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TypeVar, assert_never

import msgspec
from msgspec import UNSET, Struct, UnsetType

from service.protocol.errors import (
    ClientMistake,
    InvalidChunkStrategy,
    InvalidContentType,
    InvalidControlAction,
    InvalidHtmlMode,
    InvalidMessage,
    InvalidSpeed,
    UnknownMessageType,
)
from service.protocol.fields import SESSION_ID_PATTERN, RequestId, Token
from service.protocol.messages import Ack, ChunkBy, ClientMessage, ClientMessageType, ContentType, ControlAction, Heartbeat, HtmlMode, Ping, Recover, Speed, StreamControl, StreamRequest
from service.protocol.server_messages import ServerMessage
from service.protocol.trace import parse_trace_context

_MESSAGE_TYPES = frozenset(ClientMessageType)

_SHOWN_CHARACTERS = 40

_SESSION_ID = re.compile(SESSION_ID_PATTERN)


def is_session_id(text: str) -> bool:
    """Whether the URL-decoded text may name a session: 1 to 64 of ``A-Z a-z 0-9 _ - . :``, not ``.`` or ``..``."""
    return _SESSION_ID.fullmatch(text) is not None


# What the messages with names in them look like on the wire: types are strict here, names become enums below, so that
# each wrong name gets a code of its own. The other messages are decoded as they are.


class _Envelope(Struct):
    type: str | UnsetType = UNSET


class _Trace(Struct):
    traceparent: str = ""
    tracestate: str = ""


class _StreamRequest(Struct, tag_field="type", tag="stream_request"):
    content: str = ""
    content_type: str = ContentType.TEXT
    speed: str = Speed.NORMAL
    chunk_by: str = ChunkBy.WORD
    html_mode: str = HtmlMode.FRAGMENT
    request_id: RequestId | UnsetType = UNSET
    trace: _Trace | UnsetType = UNSET
    token: Token | UnsetType = UNSET


class _StreamControl(Struct, tag_field="type", tag="stream_control"):
    action: str = ""


WIRE: Mapping[type[ClientMessage], type[Struct]] = {
    StreamRequest: _StreamRequest,
    StreamControl: _StreamControl,
    Recover: Recover,
    Ack: Ack,
    Ping: Ping,
    Heartbeat: Heartbeat,
}
"""What each message is decoded as."""


_decode_envelope = msgspec.json.Decoder(_Envelope).decode
_decode_request = msgspec.json.Decoder(_StreamRequest).decode
_decode_control = msgspec.json.Decoder(_StreamControl).decode
_decode_recover = msgspec.json.Decoder(Recover).decode
_decode_ack = msgspec.json.Decoder(Ack).decode

_Decoded = TypeVar("_Decoded")
_Name = TypeVar("_Name", bound=StrEnum)


def _parse(decode: Callable[[str | bytes], _Decoded], data: str) -> _Decoded:
    try:
        return decode(data)
    except msgspec.ValidationError as error:
        raise InvalidMessage(f"The message does not fit the protocol: {error}. Mend that and send it again.") from None
    except RecursionError:
        raise InvalidMessage("The message is nested too deeply. Send a flat JSON object.") from None
    except ValueError:  # msgspec.DecodeError, UnicodeEncodeError for a lone surrogate
        raise InvalidMessage("The message is not valid JSON in UTF-8. Send one JSON object a text frame.") from None


def _named(names: type[_Name], value: str, mistake: type[ClientMistake], field: str) -> _Name:
    try:
        return names(value)
    except ValueError:
        raise mistake(f"{field} {_shown(value)} is not known. Send one of: {', '.join(names)}.") from None


def _shown(value: str) -> str:
    """A client's word in a sentence: quoted, escaped and short, as it also lands in logs."""
    return ascii(value if len(value) <= _SHOWN_CHARACTERS else value[:_SHOWN_CHARACTERS] + "...")


def decode(data: str | bytes) -> ClientMessage:
    """The message in a frame: text frames as ``str``, binary frames as ``bytes``.

    Unknown fields are ignored; a missing ``content`` is empty content, a missing ``action`` an unknown one.
    """
    if isinstance(data, bytes):
        raise InvalidMessage("Binary frames are not part of the protocol. Send JSON in text frames.")
    type_ = _parse(_decode_envelope, data).type
    if type_ not in _MESSAGE_TYPES:
        fault = "The message has no type" if type_ is UNSET else f"The message type {_shown(type_)} is not known"
        raise UnknownMessageType(f"{fault}. Send one of: {', '.join(ClientMessageType)}.")
    try:
        return _message(ClientMessageType(type_), data)
    except ClientMistake as mistake:
        mistake.message_type = type_
        raise


def _message(type_: ClientMessageType, data: str) -> ClientMessage:
    match type_:
        case ClientMessageType.STREAM_REQUEST:
            return _request(_parse(_decode_request, data))
        case ClientMessageType.STREAM_CONTROL:
            action = _parse(_decode_control, data).action
            return StreamControl(_named(ControlAction, action, InvalidControlAction, "action"))
        case ClientMessageType.RECOVER:
            return _parse(_decode_recover, data)
        case ClientMessageType.ACK:
            return _parse(_decode_ack, data)
        case ClientMessageType.PING:
            return Ping()
        case ClientMessageType.HEARTBEAT:
            return Heartbeat()
        case _:
            assert_never(type_)


def _request(fields: _StreamRequest) -> StreamRequest:
    request_id = fields.request_id
    trace = fields.trace
    try:
        return StreamRequest(
            content=fields.content,
            content_type=_named(ContentType, fields.content_type, InvalidContentType, "content_type"),
            speed=_named(Speed, fields.speed, InvalidSpeed, "speed"),
            chunk_by=_named(ChunkBy, fields.chunk_by, InvalidChunkStrategy, "chunk_by"),
            html_mode=_named(HtmlMode, fields.html_mode, InvalidHtmlMode, "html_mode"),
            request_id=request_id,
            trace=None if trace is UNSET else parse_trace_context(trace.traceparent, trace.tracestate),
            token=None if fields.token is UNSET else fields.token,
        )
    except ClientMistake as mistake:
        mistake.request_id = request_id
        raise


_encoder = msgspec.json.Encoder()


def encode(message: ServerMessage) -> bytes:
    """One message as UTF-8 JSON, ready for a text frame."""
    return _encoder.encode(message)

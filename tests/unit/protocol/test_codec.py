"""The wire format: which frames are messages, and the error code of every other frame."""

import contextlib
import json
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import UNSET

from service.protocol.codec import decode, encode, is_session_id
from service.protocol.errors import ClientMistake, ErrorCode
from service.protocol.messages import (
    ChunkBy,
    ContentType,
    ControlAction,
    Heartbeat,
    HtmlMode,
    Ping,
    Speed,
    StreamControl,
    StreamRequest,
    Watch,
)
from service.protocol.server_messages import Chunk, StreamCancelled
from service.protocol.trace import TraceHeaders


def test_missing_options_have_their_documented_defaults_and_unknown_fields_are_ignored() -> None:
    data = json.dumps(
        {"type": "stream_request", "content": "hi", "test_mode": True, "turnId": 3, "timestamp": None, "x": {"y": [1]}}
    )
    assert decode(data) == StreamRequest(
        "hi", ContentType.TEXT, Speed.NORMAL, ChunkBy.WORD, HtmlMode.FRAGMENT, UNSET, UNSET, UNSET
    )


def test_every_field_of_a_request_is_decoded() -> None:
    request = decode(
        json.dumps(
            {
                "type": "stream_request",
                "content": "<b>é\n</b>",
                "content_type": "html",
                "speed": "adaptive",
                "chunk_by": "character",
                "html_mode": "incremental",
                "request_id": "r" * 64,
                "trace": {"traceparent": "00-1", "tracestate": "a=1"},
                "token": "t" * 128,
            }
        )
    )
    assert isinstance(request, StreamRequest)
    assert (request.content, request.request_id, request.token) == ("<b>é\n</b>", "r" * 64, "t" * 128)
    assert (request.content_type, request.speed) == (ContentType.HTML, Speed.ADAPTIVE)
    assert (request.chunk_by, request.html_mode) == (ChunkBy.CHARACTER, HtmlMode.INCREMENTAL)
    assert request.trace == TraceHeaders("00-1", "a=1")


def test_the_other_messages_are_decoded() -> None:
    assert decode('{"type":"ping","responseId":"x"}') == Ping()
    assert decode('{"type":"heartbeat"}') == Heartbeat()
    for action in ControlAction:
        assert decode(json.dumps({"type": "stream_control", "action": action})) == StreamControl(action)


def test_a_watch_has_only_the_options_that_were_sent() -> None:
    assert decode('{"type":"watch","stream_id":"s"}') == Watch("s")
    whole = {
        "type": "watch",
        "stream_id": "s",
        "settled": 7,
        "html_mode": "incremental",
        "chunk_by": "sentence",
        "speed": "slow",
        "request_id": "r",
    }
    assert decode(json.dumps(whole)) == Watch("s", 7, HtmlMode.INCREMENTAL, ChunkBy.SENTENCE, Speed.SLOW, "r")


@pytest.mark.parametrize(
    ("field", "code"),
    [
        ("html_mode", ErrorCode.INVALID_HTML_MODE),
        ("chunk_by", ErrorCode.INVALID_CHUNK_STRATEGY),
        ("speed", ErrorCode.INVALID_SPEED),
    ],
)
def test_an_unknown_name_in_a_watch_has_the_code_of_its_field(field: str, code: ErrorCode) -> None:
    with pytest.raises(ClientMistake) as raised:
        decode(json.dumps({"type": "watch", "stream_id": "s", field: "x", "request_id": "r"}))
    assert (raised.value.code, raised.value.request_id, raised.value.message_type) == (code, "r", "watch")


def test_the_fields_of_live_streams_are_absent_from_other_messages() -> None:
    assert encode(Chunk("a", 0, "t")) == b'{"type":"chunk","data":"a","index":0,"timestamp":"t"}'
    assert encode(StreamCancelled("t")) == b'{"type":"stream_cancelled","timestamp":"t"}'
    live = Chunk("a", 0, "t", "</b>", settled=3, start=2)
    assert json.loads(encode(live)) == {
        "type": "chunk",
        "data": "a",
        "index": 0,
        "timestamp": "t",
        "close": "</b>",
        "settled": 3,
        "from": 2,
    }


DEEP = "[" * 100_000 + "]" * 100_000

REFUSED: list[tuple[str | bytes, ErrorCode]] = [
    ("", ErrorCode.INVALID_MESSAGE),
    ("hello", ErrorCode.INVALID_MESSAGE),
    ("{'type': 'ping'}", ErrorCode.INVALID_MESSAGE),
    ('{"type":"ping"} {"type":"ping"}', ErrorCode.INVALID_MESSAGE),
    ("[]", ErrorCode.INVALID_MESSAGE),
    ("null", ErrorCode.INVALID_MESSAGE),
    ("1" * 5000, ErrorCode.INVALID_MESSAGE),
    (DEEP, ErrorCode.INVALID_MESSAGE),
    (f'{{"type":"ping","x":{DEEP}}}', ErrorCode.INVALID_MESSAGE),
    ('{"type":"ping","x":NaN}', ErrorCode.INVALID_MESSAGE),
    ('{"type":"stream_request","content":NaN}', ErrorCode.INVALID_MESSAGE),
    ('{"type":"stream_request","content":' + "9" * 5000 + "}", ErrorCode.INVALID_MESSAGE),
    ('{"type":"stream_request","content":"\\ud800x"}', ErrorCode.INVALID_MESSAGE),
    ('{"type":"ping","x":"\\udc00"}', ErrorCode.INVALID_MESSAGE),
    ("\ud800", ErrorCode.INVALID_MESSAGE),
    (b'{"type":"ping"}', ErrorCode.INVALID_MESSAGE),
    ('{"type":7}', ErrorCode.INVALID_MESSAGE),
    ('{"type":null}', ErrorCode.INVALID_MESSAGE),
    ('{"type":"stream_request","content":["a"]}', ErrorCode.INVALID_MESSAGE),
    ('{"type":"stream_request","content":"a","speed":1}', ErrorCode.INVALID_MESSAGE),
    ('{"type":"stream_request","content":"a","request_id":1}', ErrorCode.INVALID_MESSAGE),
    ('{"type":"stream_request","content":"a","request_id":"' + "r" * 65 + '"}', ErrorCode.INVALID_MESSAGE),
    ('{"type":"stream_request","content":"a","trace":"00"}', ErrorCode.INVALID_MESSAGE),
    ('{"type":"stream_request","content":"a","trace":{"traceparent":123}}', ErrorCode.INVALID_MESSAGE),
    ('{"type":"stream_control","action":1}', ErrorCode.INVALID_MESSAGE),
    ("{}", ErrorCode.UNKNOWN_MESSAGE_TYPE),
    ('{"type":"stream"}', ErrorCode.UNKNOWN_MESSAGE_TYPE),
    ('{"type":"PING"}', ErrorCode.UNKNOWN_MESSAGE_TYPE),
    ('{"type":"stream_request","content":"a","content_type":"pdf"}', ErrorCode.INVALID_CONTENT_TYPE),
    ('{"type":"stream_request","content":"a","chunk_by":"line"}', ErrorCode.INVALID_CHUNK_STRATEGY),
    ('{"type":"stream_request","content":"a","speed":"warp"}', ErrorCode.INVALID_SPEED),
    ('{"type":"stream_request","content":"a","html_mode":"whole"}', ErrorCode.INVALID_HTML_MODE),
    ('{"type":"stream_control"}', ErrorCode.INVALID_CONTROL_ACTION),
    ('{"type":"stream_control","action":"stop"}', ErrorCode.INVALID_CONTROL_ACTION),
]


@pytest.mark.parametrize(("data", "code"), REFUSED, ids=[f"{str(data)[:40]}" for data, _ in REFUSED])
def test_an_invalid_message_has_its_error_code_and_a_sentence_with_the_remedy(
    data: str | bytes, code: ErrorCode
) -> None:
    with pytest.raises(ClientMistake) as refusal:
        decode(data)
    assert refusal.value.code is code
    assert not refusal.value.fatal
    assert re.search("[Ss]end", str(refusal.value))
    assert len(str(refusal.value)) < 250


def test_an_unknown_name_is_reported_with_the_request_id() -> None:
    with pytest.raises(ClientMistake) as refusal:
        decode('{"type":"stream_request","content":"a","speed":"warp","request_id":"r-1"}')
    assert refusal.value.request_id == "r-1"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    ["content", "content_type", "speed", "chunk_by", "html_mode", "request_id", "trace", "action", "type", "other"]
)
TYPES = st.sampled_from(["stream_request", "stream_control", "ping", "heartbeat", "recover"]) | JSON


@given(st.dictionaries(FIELDS, JSON, max_size=6), TYPES)
@example({}, None)
def test_any_json_is_a_message_or_a_client_mistake(fields: dict[str, Any], type_: object) -> None:
    with contextlib.suppress(ClientMistake):
        decode(json.dumps({**fields, "type": type_}))


@given(st.text() | st.binary())
def test_any_frame_is_a_message_or_a_client_mistake(data: str | bytes) -> None:
    with contextlib.suppress(ClientMistake):
        decode(data)


@given(st.text(max_size=80))
def test_a_session_id_is_1_to_64_of_the_allowed_characters(text: str) -> None:
    allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.:"
    assert is_session_id(text) == (0 < len(text) <= 64 and text not in {".", ".."} and set(text) <= set(allowed))


@pytest.mark.parametrize("text", ["a", "A-Z_0.9:z", "...", "x" * 64])
def test_a_valid_session_id(text: str) -> None:
    assert is_session_id(text)


@pytest.mark.parametrize("text", ["", ".", "..", "x" * 65, "a\n", "a\r\nb", "a\0", "../x", "ä", "a b", "a%20b"])
def test_an_invalid_session_id(text: str) -> None:
    assert not is_session_id(text)


@pytest.mark.parametrize("type_", ["stream_request", "stream_control", "recover", "ack"])
def test_an_invalid_message_is_counted_under_its_type(type_: str) -> None:
    wrong = {"content": 1, "action": 1, "stream_id": 1}
    with pytest.raises(ClientMistake) as refusal:
        decode(json.dumps({"type": type_, **wrong}))
    assert refusal.value.message_type == type_

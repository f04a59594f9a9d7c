"""The wire format: what is taken, what is refused and with which code."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import UNSET

from service.protocol.codec import decode, is_session_id
from service.protocol.errors import ClientMistake, ErrorCode, StreamingError
from service.protocol.instant import iso
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
)
from service.protocol.trace import parse_trace_context

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_a_request_takes_the_documented_defaults_and_ignores_what_it_does_not_know() -> None:
    data = json.dumps(
        {"type": "stream_request", "content": "hi", "test_mode": True, "turnId": 3, "timestamp": None, "x": {"y": [1]}}
    )
    assert decode(data) == StreamRequest(
        "hi", ContentType.TEXT, Speed.NORMAL, ChunkBy.WORD, HtmlMode.FRAGMENT, UNSET, None
    )


def test_every_field_of_a_request_is_read() -> None:
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
                "trace": {"traceparent": TRACEPARENT, "tracestate": "a=1"},
            }
        )
    )
    assert isinstance(request, StreamRequest)
    assert request.trace is not None
    assert (request.content, request.request_id) == ("<b>é\n</b>", "r" * 64)
    assert (request.content_type, request.speed) == (ContentType.HTML, Speed.ADAPTIVE)
    assert (request.chunk_by, request.html_mode) == (ChunkBy.CHARACTER, HtmlMode.INCREMENTAL)
    assert (request.trace.trace_id, request.trace.tracestate) == ("4bf92f3577b34da6a3ce929d0e0e4736", "a=1")


def test_the_other_messages() -> None:
    assert decode('{"type":"ping","responseId":"x"}') == Ping()
    assert decode('{"type":"heartbeat"}') == Heartbeat()
    for action in ControlAction:
        assert decode(json.dumps({"type": "stream_control", "action": action})) == StreamControl(action)


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
def test_a_bad_message_is_refused_with_its_code_and_a_sentence_that_says_what_to_do(
    data: str | bytes, code: ErrorCode
) -> None:
    with pytest.raises(ClientMistake) as refusal:
        decode(data)
    assert refusal.value.code is code
    assert not refusal.value.fatal
    assert "end" in str(refusal.value), "no 'send …' or 'mend …' in the sentence"
    assert len(str(refusal.value)) < 250


def test_a_wrong_name_comes_back_with_the_label_of_its_request() -> None:
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
def test_whatever_json_comes_in_only_a_message_or_a_client_mistake_comes_out(
    fields: dict[str, Any], type_: object
) -> None:
    with contextlib.suppress(ClientMistake):
        decode(json.dumps({**fields, "type": type_}))


@given(st.text() | st.binary())
def test_whatever_frame_comes_in_only_a_message_or_a_client_mistake_comes_out(data: str | bytes) -> None:
    with contextlib.suppress(ClientMistake):
        decode(data)


@given(st.text(max_size=80))
def test_session_ids_are_what_the_protocol_says_and_nothing_else(text: str) -> None:
    allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.:"
    assert is_session_id(text) == (0 < len(text) <= 64 and text not in {".", ".."} and set(text) <= set(allowed))


@pytest.mark.parametrize("text", ["a", "A-Z_0.9:z", "...", "x" * 64])
def test_session_ids_that_are_fine(text: str) -> None:
    assert is_session_id(text)


@pytest.mark.parametrize("text", ["", ".", "..", "x" * 65, "a\n", "a\r\nb", "a\0", "../x", "ä", "a b", "a%20b"])
def test_session_ids_that_are_not(text: str) -> None:
    assert not is_session_id(text)


@pytest.mark.parametrize(
    "traceparent",
    [
        "",
        TRACEPARENT.upper(),
        "ff" + TRACEPARENT[2:],
        "00-" + "0" * 32 + "-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-" + "0" * 16 + "-01",
        TRACEPARENT + "\n",
        TRACEPARENT + "-extra",
    ],
)
def test_a_trace_context_that_breaks_the_specification_is_as_none(traceparent: str) -> None:
    assert parse_trace_context(traceparent) is None


def test_a_tracestate_that_is_too_long_or_not_printable_is_dropped() -> None:
    for tracestate in ("x" * 513, "a=\n", "a=ä"):
        context = parse_trace_context(TRACEPARENT, tracestate)
        assert context is not None
        assert context.tracestate == ""


def test_timestamps_are_utc_with_milliseconds() -> None:
    assert iso(0.0) == "1970-01-01T00:00:00.000Z"
    assert iso(1_700_000_000.9996) == "2023-11-14T22:13:20.999Z"


def test_every_code_of_the_protocol_has_exactly_one_home_or_a_reason_for_two() -> None:
    def leaves(error: type[StreamingError]) -> list[type[StreamingError]]:
        return [leaf for sub in error.__subclasses__() for leaf in leaves(sub)] or [error]

    codes = [error.code for error in leaves(StreamingError)]
    assert set(codes) == set(ErrorCode)
    assert sorted(code for code in set(codes) if codes.count(code) > 1) == [ErrorCode.CHUNKING_ERROR]

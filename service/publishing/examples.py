"""One example of each call, which a test makes in this order with a real server."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

STREAM_ID = "d2e749dbace48f1acd96becb7d7549ab"
SESSION_ID = "editor-7"
_TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"


class Example(Struct, frozen=True):
    """A call and its answer. Ids and times differ in each run."""

    method: str
    target: str
    answer: Mapping[str, Any]
    body: Mapping[str, Any] | str | None = None
    """JSON, or a part of the source."""


CREATE = Example(
    "POST",
    f"/v1/sessions/{SESSION_ID}/streams",
    {"stream_id": STREAM_ID, "epoch": 0, "offset": 0, "trace_id": _TRACE_ID},
    {"content_type": "markdown", "speed": "adaptive", "chunk_by": "word", "request_id": "answer-1"},
)
APPEND = Example(
    "POST",
    f"/v1/streams/{STREAM_ID}/append?epoch=0&offset=0",
    {"accepted": 10, "durable": 10},
    "The **cat*",
)
TOUCH = Example("POST", f"/v1/streams/{STREAM_ID}/touch?epoch=0", {"accepted": 10, "durable": 10})
ADOPT = Example(
    "POST",
    f"/v1/streams/{STREAM_ID}/adopt",
    {"epoch": 1, "offset": 10, "tail": "The **cat*", "rest": ""},
)
STATE = Example(
    "GET",
    f"/v1/streams/{STREAM_ID}",
    {
        "stream_id": STREAM_ID,
        "session_id": SESSION_ID,
        "status": "open",
        "accepted": 10,
        "durable": 10,
        "readers": 0,
        "silent_ms": 40,
    },
)
CLOSE = Example(
    "POST",
    f"/v1/streams/{STREAM_ID}/close?epoch=1",
    {"status": "complete", "offset": 10},
    {
        "status": "complete",
        "offset": 10,
        "sha256": "5a406b860161aa5a382e62cffa4239f2d18f81d1a6bd7bde5b2999bc7c1c7207",
    },
)
CANCEL = Example("POST", f"/v1/streams/{STREAM_ID}/cancel", {"status": "complete", "offset": 10})

EXAMPLES = (CREATE, APPEND, TOUCH, ADOPT, STATE, CLOSE, CANCEL)

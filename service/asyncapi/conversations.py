"""Conversations, from which the examples of all messages are taken. A test has each of them with a real server.

There, ids, tokens, times and what work took are others; all else is what stands here, field by field.
"""

from collections.abc import Sequence

from service.asyncapi.conversation import Breaks, Closes, Conversation, Says
from service.asyncapi.example_messages import (
    NEXT_TOKEN,
    SESSION_ID,
    STREAM_ID,
    TOKEN,
    TRACE_ID,
    at,
    chunks,
    complete,
    greeting,
    start,
)
from service.protocol.close_codes import CloseCode
from service.protocol.errors import EmptyContent, InvalidContentType, SessionTimeout
from service.protocol.limits import Limits
from service.protocol.messages import ContentType, RefusalReason, Speed
from service.protocol.server_messages import Chunk, ErrorMessage, HeartbeatAck, Pong, StreamCancelled, StreamPaused, StreamRecovered, StreamResumed, StreamSkipped


def conversations(limits: Limits) -> Sequence[Conversation]:
    """All of them, on a service with these limits."""
    markdown = ("<p>Hello <strong>world</strong></p>\n", "<ul>\n<li>one</li>\n<li>two</li>\n</ul>\n")
    html = ("<ul><li>Buy ", "<b>fresh ", "milk</b></li></ul>")
    text = ("Hello, ", "paced ", "world!")
    counted = ("One ", "two ", "three ", "four")
    count = {"type": "stream_request", "content": "One two three four", "speed": "slow"}
    named = {**count, "request_id": "draft-1"}
    return (
        Conversation(
            "markdown",
            "A document, with all that a request may say",
            (
                greeting(limits),
                Says(
                    {
                        "type": "stream_request",
                        "content": "Hello **world**\n\n- one\n- two\n",
                        "content_type": "markdown",
                        "speed": "fast",
                        "chunk_by": "paragraph",
                        "html_mode": "fragment",
                        "request_id": "draft-1",
                        "trace": {"traceparent": f"00-{TRACE_ID}-00f067aa0ba902b7-01", "tracestate": ""},
                    }
                ),
                start(markdown, 4, Speed.FAST, ContentType.MARKDOWN, "draft-1"),
                *chunks(markdown, Speed.FAST),
                complete(markdown, 50, "draft-1"),
                Says({"type": "ack", "stream_id": STREAM_ID, "index": 1}),
            ),
        ),
        Conversation(
            "text",
            "Text, with all defaults",
            (
                Says({"type": "stream_request", "content": "Hello, paced world!"}),
                start(text, 3, Speed.NORMAL),
                *chunks(text, Speed.NORMAL),
                complete(text, 200),
            ),
        ),
        Conversation(
            "incremental",
            "HTML that is cut inside its elements",
            (
                Says(
                    {
                        "type": "stream_request",
                        "content": "".join(html),
                        "content_type": "html",
                        "speed": "adaptive",
                        "html_mode": "incremental",
                    }
                ),
                start(html, 3, Speed.NORMAL, ContentType.HTML),
                Chunk(html[0], 0, at(3), "</li></ul>"),
                Chunk(html[1], 1, at(103), "</b></li></ul>"),
                Chunk(html[2], 2, at(203), ""),
                complete(html, 200),
            ),
        ),
        Conversation(
            "controls",
            "A pause, and then the rest at once",
            (
                Says(count),
                start(counted, 4, Speed.SLOW),
                Chunk("One ", 0, at(3)),
                Says({"type": "stream_control", "action": "pause"}),
                StreamPaused(at(120)),
                Says({"type": "stream_control", "action": "resume"}),
                StreamResumed(at(130)),
                Says({"type": "stream_control", "action": "skip"}),
                StreamSkipped(at(140)),
                Chunk("two three four", 1, at(141)),
                complete(("One ", "two three four"), 138, skipped=True),
            ),
        ),
        Conversation(
            "cancel",
            "No more of it",
            (
                Says(count),
                start(counted, 4, Speed.SLOW),
                Chunk("One ", 0, at(3)),
                Says({"type": "stream_control", "action": "cancel"}),
                StreamCancelled(at(120)),
            ),
        ),
        Conversation(
            "recovered",
            "A connection breaks, and the stream goes on",
            (
                greeting(limits),
                Says(named),
                start(counted, 4, Speed.SLOW, request_id="draft-1"),
                Chunk("One ", 0, at(3)),
                Breaks(),
                greeting(limits, NEXT_TOKEN, used=1, milliseconds=190),
                Says({"type": "recover", "stream_id": STREAM_ID, "last_index": 0, "token": TOKEN}),
                StreamRecovered(
                    stream_id=STREAM_ID,
                    recovered=True,
                    timestamp=at(200),
                    next_index=1,
                    paused=False,
                    total_chunks=4,
                    trace_id=TRACE_ID,
                    request_id="draft-1",
                ),
                *chunks(counted, Speed.SLOW, began=200, first=1),
                complete(counted, 600, "draft-1", began=200),
            ),
        ),
        Conversation(
            "asked-again",
            "A connection breaks, and the request comes again: it is the same stream, charged once",
            (
                greeting(limits),
                Says(named),
                start(counted, 4, Speed.SLOW, request_id="draft-1"),
                Chunk("One ", 0, at(3)),
                Breaks(),
                greeting(limits, NEXT_TOKEN, used=1, milliseconds=190),
                Says({**named, "token": TOKEN}),
                start(counted, 4, Speed.SLOW, request_id="draft-1", began=200),
                *chunks(counted, Speed.SLOW, began=200),
                complete(counted, 900, "draft-1", began=200),
            ),
        ),
        Conversation(
            "not-recovered",
            "A stream that nobody knows, or whose time is over",
            (
                Says({"type": "recover", "stream_id": STREAM_ID, "last_index": 17, "token": TOKEN}),
                StreamRecovered(STREAM_ID, recovered=False, timestamp=at(1), reason=RefusalReason.UNKNOWN),
            ),
        ),
        Conversation(
            "questions",
            "Is anybody there?",
            (
                Says({"type": "ping"}),
                Pong(at(1)),
                Says({"type": "heartbeat"}),
                HeartbeatAck(at(2), SESSION_ID),
            ),
        ),
        Conversation(
            "mistakes",
            "The socket stays open",
            (
                Says({"type": "stream_request", "content": "a", "content_type": "pdf", "request_id": "q"}, wrong=True),
                ErrorMessage.of(
                    InvalidContentType("content_type 'pdf' is not known. Send one of: text, html, markdown."), "q"
                ),
                Says({"type": "stream_request", "content": "<script>1</script>", "content_type": "html"}),
                ErrorMessage.of(
                    EmptyContent("Nothing is left to show of the content once it is made safe. Send some text."),
                    stream_id=STREAM_ID,
                ),
            ),
        ),
        Conversation(
            "not-stored",
            "Where content is not stored, nothing can be recovered",
            (
                greeting(limits, None),
                Says({"type": "stream_request", "content": "Hello"}),
                start(("Hello",), 1, Speed.NORMAL, resumable=False),
                Chunk("Hello", 0, at(3)),
                complete(("Hello",), 0),
            ),
            {"STORE_CONTENT": "off"},
        ),
        Conversation(
            "session-over",
            "The session's time is over",
            (
                ErrorMessage.of(SessionTimeout("The session has lasted its 1 seconds. Reconnect to begin a new one.")),
                Closes(CloseCode.SESSION_OVER),
            ),
            {"MAX_SESSION_DURATION": "1"},
        ),
    )

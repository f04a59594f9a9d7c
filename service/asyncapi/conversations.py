"""Example conversations, which contain the examples of all messages. A test replays each of them with a real server.

Ids, tokens, times and durations differ there; every other field has to be equal.
"""

from collections.abc import Sequence

from service.access.principal import AccessRefusal
from service.asyncapi.conversation import Closed, Conversation, Disconnected, Sent
from service.asyncapi.example_messages import (
    JWT,
    NEXT_JWT,
    NEXT_TOKEN,
    SESSION_ID,
    STREAM_ID,
    TOKEN,
    TRACE_ID,
    at,
    chunks,
    complete,
    connected,
    principal_until,
    start,
)
from service.asyncapi.live_conversations import live_conversations
from service.protocol.close_codes import CloseCode
from service.protocol.errors import EmptyContent, InvalidContentType, SessionTimeout, TokenExpired, Unauthenticated
from service.protocol.limits import Limits
from service.protocol.messages import ContentType, RefusalReason, Speed
from service.protocol.server_messages import (
    AuthExpiring,
    AuthRefreshed,
    Chunk,
    ErrorMessage,
    HeartbeatAck,
    Pong,
    StreamCancelled,
    StreamPaused,
    StreamRecovered,
    StreamResumed,
    StreamSkipped,
)
from service.session.options import SessionOptions

WITH_TOKENS = {
    "AUTH_MODE": "jwt",
    "AUTH_JWT_KEY": "an example of a key that is secret",
    "AUTH_JWT_ALGORITHMS": "HS256",
    "AUTH_JWT_ISSUER": "https://app.example.com",
    "AUTH_JWT_AUDIENCE": "streaming",
}


def _request(content: str, **fields: object) -> Sent:
    return Sent({"type": "stream_request", "content": content, **fields})


def _control(action: str) -> Sent:
    return Sent({"type": "stream_control", "action": action})


def conversations(limits: Limits) -> Sequence[Conversation]:
    """All example conversations with a service that has these limits."""
    markdown = ("<p>Hello <strong>world</strong></p>", "<ul><li>one</li><li>two</li></ul>")
    html = ("<ul><li>Buy ", "<b>fresh ", "milk</b></li></ul>")
    text = ("Hello, ", "paced ", "world!")
    counted = ("One ", "two ", "three ", "four")
    count = _request("One two three four", speed="slow")
    named = _request("One two three four", speed="slow", request_id="draft-1")
    repeated = _request("One two three four", speed="slow", request_id="draft-1", token=TOKEN)
    return (
        Conversation(
            "markdown",
            "A Markdown document, with every field of a request",
            (
                connected(limits),
                _request(
                    "Hello **world**\n\n- one\n- two\n",
                    content_type="markdown",
                    speed="fast",
                    chunk_by="paragraph",
                    html_mode="fragment",
                    request_id="draft-1",
                    trace={"traceparent": f"00-{TRACE_ID}-00f067aa0ba902b7-01", "tracestate": ""},
                ),
                start(markdown, 4, Speed.FAST, ContentType.MARKDOWN, "draft-1"),
                *chunks(markdown, Speed.FAST),
                complete(markdown, 50, "draft-1"),
                Sent({"type": "ack", "stream_id": STREAM_ID, "index": 1}),
            ),
        ),
        Conversation(
            "text",
            "Text, with the default of every option",
            (
                _request("Hello, paced world!"),
                start(text, 3, Speed.NORMAL),
                *chunks(text, Speed.NORMAL),
                complete(text, 200),
            ),
        ),
        Conversation(
            "incremental",
            "HTML split inside its elements",
            (
                _request("".join(html), content_type="html", speed="adaptive", html_mode="incremental"),
                start(html, 3, Speed.NORMAL, ContentType.HTML),
                Chunk(html[0], 0, at(3), "</li></ul>"),
                Chunk(html[1], 1, at(103), "</b></li></ul>"),
                Chunk(html[2], 2, at(203), ""),
                complete(html, 200),
            ),
        ),
        Conversation(
            "controls",
            "A pause, then a skip",
            (
                count,
                start(counted, 4, Speed.SLOW),
                Chunk("One ", 0, at(3)),
                _control("pause"),
                StreamPaused(at(120)),
                _control("resume"),
                StreamResumed(at(130)),
                _control("skip"),
                StreamSkipped(at(140)),
                Chunk("two three four", 1, at(141)),
                complete(("One ", "two three four"), 138, skipped=True),
            ),
        ),
        Conversation(
            "cancel",
            "A cancelled stream",
            (
                count,
                start(counted, 4, Speed.SLOW),
                Chunk("One ", 0, at(3)),
                _control("cancel"),
                StreamCancelled(at(120)),
            ),
        ),
        Conversation(
            "recovered",
            "A connection is lost, and the stream is recovered",
            (
                connected(limits),
                named,
                start(counted, 4, Speed.SLOW, request_id="draft-1"),
                Chunk("One ", 0, at(3)),
                Disconnected(),
                connected(limits, NEXT_TOKEN, used=1, milliseconds=190),
                Sent({"type": "recover", "stream_id": STREAM_ID, "last_index": 0, "token": TOKEN}),
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
            "repeated",
            "A connection is lost, and the client repeats the request: the same stream, counted once",
            (
                connected(limits),
                named,
                start(counted, 4, Speed.SLOW, request_id="draft-1"),
                Chunk("One ", 0, at(3)),
                Disconnected(),
                connected(limits, NEXT_TOKEN, used=1, milliseconds=190),
                repeated,
                start(counted, 4, Speed.SLOW, request_id="draft-1", began=200),
                *chunks(counted, Speed.SLOW, began=200),
                complete(counted, 900, "draft-1", began=200),
            ),
        ),
        Conversation(
            "not-recovered",
            "A stream that does not exist or has expired",
            (
                Sent({"type": "recover", "stream_id": STREAM_ID, "last_index": 17, "token": TOKEN}),
                StreamRecovered(STREAM_ID, recovered=False, timestamp=at(1), reason=RefusalReason.UNKNOWN),
            ),
        ),
        Conversation(
            "keep-alive",
            "Messages that keep a connection from becoming idle",
            (
                Sent({"type": "ping"}),
                Pong(at(1)),
                Sent({"type": "heartbeat"}),
                HeartbeatAck(at(2), SESSION_ID),
            ),
        ),
        Conversation(
            "mistakes",
            "Errors that leave the connection open",
            (
                Sent(
                    {"type": "stream_request", "content": "a", "content_type": "pdf", "request_id": "q"}, invalid=True
                ),
                ErrorMessage.of(
                    InvalidContentType("content_type 'pdf' is unknown. Send one of: text, html, markdown."), "q"
                ),
                _request("<script>1</script>", content_type="html"),
                ErrorMessage.of(
                    EmptyContent("The content has nothing to show after sanitising. Send some text."),
                    stream_id=STREAM_ID,
                ),
            ),
        ),
        Conversation(
            "not-stored",
            "A service that stores no content: no stream can be recovered",
            (
                connected(limits, None),
                _request("Hello"),
                start(("Hello",), 1, Speed.NORMAL, resumable=False),
                Chunk("Hello", 0, at(3)),
                complete(("Hello",), 0),
            ),
            {"STORE_CONTENT": "off"},
        ),
        Conversation(
            "reported",
            "A client reports what it measured, to a service that evaluates it",
            (
                connected(limits, options=SessionOptions(client_reports=True)),
                _request("Hello, paced world!"),
                start(text, 3, Speed.NORMAL),
                *chunks(text, Speed.NORMAL),
                complete(text, 200),
                Sent(
                    {
                        "type": "client_report",
                        "stream_id": STREAM_ID,
                        "first_chunk_ms": 84,
                        "longest_gap_ms": 113,
                        "breaks": 0,
                    }
                ),
            ),
            {"CLIENT_REPORTS": "on"},
        ),
        Conversation(
            "authenticated",
            "A client sends its token, and a new one before that expires",
            (
                Sent({"type": "auth", "token": JWT}),
                connected(limits, principal=principal_until(61_500)),
                AuthExpiring(at(1500), at(61_500), 60),
                Sent({"type": "auth_refresh", "token": NEXT_JWT}),
                AuthRefreshed(at(1700), at(301_500)),
            ),
            WITH_TOKENS,
        ),
        Conversation(
            "token-expired",
            "A token expires, and the client has not sent a new one",
            (
                Sent({"type": "auth", "token": JWT}),
                connected(limits, principal=principal_until(3000)),
                AuthExpiring(at(2), at(3000), 3),
                ErrorMessage.of(TokenExpired(AccessRefusal.EXPIRED.sentence)),
                Closed(CloseCode.TOKEN_EXPIRED),
            ),
            WITH_TOKENS,
        ),
        Conversation(
            "unauthenticated",
            "A token that is not valid",
            (
                Sent({"type": "auth", "token": "guessed"}),
                ErrorMessage.of(Unauthenticated(AccessRefusal.INVALID.sentence)),
                Closed(CloseCode.UNAUTHENTICATED),
            ),
            WITH_TOKENS,
        ),
        Conversation(
            "session-over",
            "The session ends",
            (
                ErrorMessage.of(SessionTimeout("The session ended after 1 seconds. Reconnect to start a new one.")),
                Closed(CloseCode.SESSION_OVER),
            ),
            {"MAX_SESSION_DURATION": "1"},
        ),
        *live_conversations(),
    )

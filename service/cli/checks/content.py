"""Content: exact text, safe HTML, Markdown, and what the stream says of itself."""

import unicodedata

from service.cli.checks.markup import Markup
from service.cli.checks.probe import (
    Probe,
    Run,
    chunk_count,
    expect,
    expect_equal,
    expect_error,
    expect_whole,
    fresh_session_id,
)
from service.cli.client import Reception

_JOINER = "\u200d"
_TEXT = (
    "One.\n\tTwo  spaces.\r\n\n\nna\u00efve e\u0301 \U0001f469\u200d\U0001f469\u200d\U0001f467 \u65e5\u672c\u8a9e.  \n"
)

_SAFE_PART = "<p>Hello <strong>world</strong></p>"
_UNSAFE_PARTS = (
    "<script>alert('XSS')</script>"
    "<p onclick=\"alert('XSS')\">Click me</p>"
    '<img src="x" onerror="alert(\'XSS\')">'
    "<p><a href=\"javascript:alert('XSS')\">one</a> <a href=\" java&#9;script:alert('XSS')\">two</a></p>"
    '<iframe src="https://example.com"></iframe>'
)
_LINK = "<a href=\"javascript:alert('XSS')\">Click me</a>"
_LINK_MADE_SAFE = "<a>Click me</a>"

_FORMATTED = (
    '<h1>Title</h1><p><strong>bold</strong> <em>italic</em> <u>under</u> <a href="https://example.com">link</a></p>'
    "<ul><li>item &amp; more</li></ul><blockquote><p>quote</p></blockquote>"
    "<table><tbody><tr><td>cell</td></tr></tbody></table><pre><code>x = 1\n  y  = 2</code></pre><p>end</p>"
)
_ITEM = "<li>one <b>two three</b></li>"
_PARAGRAPHS = "".join(f"<p>Paragraph {number} with <strong>bold</strong> words.</p>" for number in range(6))

_MARKDOWN = (
    "# Title\n\nSome **bold** and *italic* and foo_bar_baz.\n\n- item\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n"
    "<script>alert('XSS')</script>\n\n[click](javascript:alert)\n"
)

_TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"


def text_by(chunk_by: str) -> Run:
    """The check of one way to cut."""

    async def check(probe: Probe) -> str:
        reception = await _stream(probe, _TEXT, chunk_by=chunk_by)
        expect_equal("text exactly as sent:", _TEXT, reception.data)
        expect(len(reception.chunks) > 1, "more than one chunk", len(reception.chunks))
        for chunk in reception.chunks:
            first = chunk["data"][:1]
            torn = first == _JOINER or unicodedata.combining(first or " ") > 0
            expect(not torn, "no cut inside what people see as one character", repr(chunk["data"]))
        return chunk_count(len(reception.chunks))

    return check


async def long_text(probe: Probe) -> str:
    async with probe.converse() as conversation:
        limit = conversation.limits["max_chunk_size"]
        text = "x" * min(2 * limit + 1, conversation.limits["max_content_size"])
        reception = await conversation.stream(text, speed="superfast")
    expect_whole(reception)
    expect(reception.data == text, "the text as sent", f"{len(reception.data)} characters of {len(text)}")
    longest = max(len(chunk["data"]) for chunk in reception.chunks)
    expect(longest <= limit, f"chunks of at most {limit} characters", longest)
    return f"longest {longest} of {limit} characters"


async def html_safe(probe: Probe) -> str:
    reception = await _stream(probe, _SAFE_PART + _UNSAFE_PARTS, content_type="html")
    markup = Markup.of(reception.data)
    expect(not markup.dangers, "nothing that could run", ", ".join(markup.dangers))
    expect("XSS" not in markup.text, "no text of a script", reception.data)
    expect(_SAFE_PART in reception.data, f"{_SAFE_PART} kept", reception.data)
    reception = await _stream(probe, _LINK, content_type="html")
    expect_equal("the link as documented:", _LINK_MADE_SAFE, reception.data)
    return ""


async def html_escaped(probe: Probe) -> str:
    html = "<p>&lt;script&gt;alert(1)&lt;/script&gt; &amp;lt; 1 &lt; 2</p>"
    markup = Markup.of((await _stream(probe, html, content_type="html")).data)
    expect_equal("tags", {"p"}, markup.tags)
    expect_equal("visible text", Markup.of(html).text, markup.text)
    return ""


async def html_formatted(probe: Probe) -> str:
    reception = await _stream(probe, _FORMATTED, content_type="html")
    sent, got = Markup.of(_FORMATTED), Markup.of(reception.data)
    expect(sent.tags <= got.tags, "all formatting kept", f"lost {', '.join(sorted(sent.tags - got.tags))}")
    expect_equal("visible text", sent.text, got.text)
    expect(reception.metadata.get("has_html"), "metadata.has_html", reception.metadata)
    return f"{len(got.tags)} kinds of elements"


async def html_fragments(probe: Probe) -> str:
    reception = await _stream(probe, _PARAGRAPHS, content_type="html")
    for chunk in reception.chunks:
        expect(Markup.of(chunk["data"]).balanced, "each chunk whole by itself", repr(chunk["data"]))
    expect(len(reception.chunks) > 1, "more than one chunk", len(reception.chunks))
    return chunk_count(len(reception.chunks))


async def html_incremental(probe: Probe) -> str:
    """Word by word also inside tables and lists, and whole at every moment."""
    reception = await _stream(probe, _FORMATTED, content_type="html", html_mode="incremental")
    _expect_whole_so_far(reception, _FORMATTED)
    whole = await _stream(probe, _FORMATTED, content_type="html")
    expect_equal("the same HTML as in fragment mode:", whole.data, reception.data)
    for words in ("bold", "more", "quote", "cell"):
        alone = [chunk["data"] for chunk in reception.chunks if Markup.of(chunk["data"]).text.strip() == words]
        expect(alone, f"a chunk of its own for {words!r}", [chunk["data"] for chunk in reception.chunks])
    return chunk_count(len(reception.chunks))


async def html_incremental_skip(probe: Probe) -> str:
    """What a skip merges is closed as its last part was."""
    async with probe.converse() as conversation:
        limits = conversation.limits
        room = min(2 * limits["max_chunk_size"], limits["max_content_size"] - 2 * len(_ITEM))
        html = f"<ul>{_ITEM * (room // len(_ITEM))}</ul>"
        reception = Reception()
        await conversation.request(reception, html, content_type="html", html_mode="incremental", speed="slow")
        await conversation.receive_type("chunk", reception)
        await conversation.control("skip")
        await conversation.follow(reception)
    expect_whole(reception)
    _expect_whole_so_far(reception, html)
    return chunk_count(len(reception.chunks))


def _expect_whole_so_far(reception: Reception, html: str) -> None:
    so_far = ""
    text = Markup.of(html).text
    for chunk in reception.chunks:
        so_far += chunk["data"]
        expect("close" in chunk, "close in each chunk", chunk)
        shown = so_far + chunk["close"]
        markup = Markup.of(shown)
        expect(markup.balanced, "data so far + close balanced", repr(shown[-60:]))
        expect(text.startswith(markup.text), "no cut inside a tag or a reference", repr(markup.text[-60:]))
    expect_equal("visible text", text, Markup.of(so_far).text)


async def markdown(probe: Probe) -> str:
    reception = await _stream(probe, _MARKDOWN, content_type="markdown")
    markup = Markup.of(reception.data)
    expected = {"h1", "strong", "em", "li", "table"}
    expect(expected <= markup.tags, f"elements {', '.join(sorted(expected))}", ", ".join(sorted(markup.tags)))
    expect(not markup.dangers, "nothing that could run", ", ".join(markup.dangers))
    expect("foo_bar_baz" in markup.text, "foo_bar_baz as it is", markup.text)
    return chunk_count(len(reception.chunks))


async def defaults(probe: Probe) -> str:
    """Also as an old client sends it: with fields of its own."""
    async with probe.converse() as conversation:
        reception = await conversation.stream("One two <b>three</b>", test_mode=True, turnId=7, timestamp=None)
    expect_whole(reception)
    expect_equal("text exactly as sent:", "One two <b>three</b>", reception.data)
    expect_equal("content_type", "text", reception.start.get("content_type"))
    expect_equal("speed", "normal", reception.speed)
    expect_equal("chunks, by word,", 3, len(reception.chunks))
    return ""


async def labels(probe: Probe) -> str:
    """What a client gives a request to know it again by."""
    request_id = fresh_session_id()
    trace = {"traceparent": f"00-{_TRACE_ID}-00f067aa0ba902b7-01", "tracestate": ""}
    reception = await _stream(probe, "label", request_id=request_id, trace=trace)
    for message in (reception.start, reception.end):
        expect_equal(f"{message['type']}.request_id", request_id, message.get("request_id"))
    expect_equal("trace_id", _TRACE_ID, reception.start.get("trace_id"))
    expect(reception.start.get("stream_id"), "a stream_id", reception.start)
    return ""


async def empty_after_cleaning(probe: Probe) -> str:
    await expect_error("EMPTY_CONTENT", _stream(probe, "<script>alert(1)</script>", content_type="html"))
    return ""


async def _stream(probe: Probe, content: str, **fields: object) -> Reception:
    async with probe.converse() as conversation:
        reception = await conversation.stream(content, speed="superfast", **fields)
    expect_whole(reception)
    return reception

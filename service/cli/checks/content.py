"""Content: exact text, safe HTML, Markdown, and the metadata of streams."""

import unicodedata

from service.cli.checks.markup import Markup
from service.cli.checks.probe import (
    Probe,
    Run,
    chunk_count,
    expect,
    expect_complete,
    expect_equal,
    expect_error,
)
from streaming_content import Stream

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
    '<h1>Title</h1><p><strong>bold</strong> <em>italic</em> <u>under</u> <a href="mailto:a@example.com">link</a></p>'
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
    """The check of one chunk strategy."""

    async def check(probe: Probe) -> str:
        stream = await _stream(probe, _TEXT, chunk_by=chunk_by)
        expect_equal("the text as sent:", _TEXT, stream.data)
        expect(len(stream.chunks) > 1, "more than one chunk", len(stream.chunks))
        for chunk in stream.chunks:
            first = chunk.data[:1]
            split = first == _JOINER or unicodedata.combining(first or " ") > 0
            expect(not split, "no split inside a grapheme", repr(chunk.data))
        return chunk_count(len(stream.chunks))

    return check


async def long_text(probe: Probe) -> str:
    async with probe.connect() as connection:
        limit = connection.limits["max_chunk_size"]
        text = "x" * min(2 * limit + 1, connection.limits["max_content_size"])
        stream = await connection.stream(text, speed="superfast")
    expect_complete(stream)
    expect(stream.data == text, "the text as sent", f"{len(stream.data)} characters of {len(text)}")
    longest = max(len(chunk.data) for chunk in stream.chunks)
    expect(longest <= limit, f"chunks of at most {limit} characters", longest)
    return f"longest {longest} of {limit} characters"


async def html_safe(probe: Probe) -> str:
    stream = await _stream(probe, _SAFE_PART + _UNSAFE_PARTS, content_type="html")
    markup = Markup.of(stream.data)
    expect(not markup.dangers, "no active content", ", ".join(markup.dangers))
    expect("XSS" not in markup.text, "no text of a script", stream.data)
    expect(_SAFE_PART in stream.data, f"{_SAFE_PART} kept", stream.data)
    stream = await _stream(probe, _LINK, content_type="html")
    expect(_LINK_MADE_SAFE in stream.data, f"the link as documented: {_LINK_MADE_SAFE}", stream.data)
    return ""


async def html_escaped(probe: Probe) -> str:
    html = "<p>&lt;script&gt;alert(1)&lt;/script&gt; &amp;lt; 1 &lt; 2</p>"
    markup = Markup.of((await _stream(probe, html, content_type="html")).data)
    expect_equal("tags", {"p"}, markup.tags)
    expect_equal("visible text", Markup.of(html).text, markup.text)
    return ""


async def html_formatted(probe: Probe) -> str:
    stream = await _stream(probe, _FORMATTED, content_type="html")
    sent, got = Markup.of(_FORMATTED), Markup.of(stream.data)
    expect(sent.tags <= got.tags, "all formatting kept", f"lost {', '.join(sorted(sent.tags - got.tags))}")
    expect_equal("visible text", sent.text, got.text)
    expect(stream.metadata.get("has_html"), "metadata.has_html", stream.metadata)
    return f"{len(got.tags)} kinds of elements"


async def html_fragments(probe: Probe) -> str:
    stream = await _stream(probe, _PARAGRAPHS, content_type="html")
    for chunk in stream.chunks:
        expect(Markup.of(chunk.data).balanced, "each chunk balanced by itself", repr(chunk.data))
    expect(len(stream.chunks) > 1, "more than one chunk", len(stream.chunks))
    return chunk_count(len(stream.chunks))


async def html_incremental(probe: Probe) -> str:
    """Split by word inside tables and lists too, and balanced after each chunk."""
    stream = await _stream(probe, _FORMATTED, content_type="html", html_mode="incremental")
    _expect_closed(stream, _FORMATTED)
    whole = await _stream(probe, _FORMATTED, content_type="html")
    expect_equal("the same HTML as in fragment mode:", whole.data, stream.data)
    for words in ("bold", "more", "quote", "cell"):
        alone = [chunk.data for chunk in stream.chunks if Markup.of(chunk.data).text.strip() == words]
        expect(alone, f"a separate chunk for {words!r}", [chunk.data for chunk in stream.chunks])
    return chunk_count(len(stream.chunks))


async def html_incremental_skip(probe: Probe) -> str:
    """A merged chunk has the close text of its last part."""
    async with probe.connect() as connection:
        limits = connection.limits
        room = min(2 * limits["max_chunk_size"], limits["max_content_size"] - 2 * len(_ITEM))
        html = f"<ul>{_ITEM * (room // len(_ITEM))}</ul>"
        stream = await connection.request(html, content_type="html", html_mode="incremental", speed="slow")
        await stream.wait_chunks(1)
        await stream.skip()
        await stream.read()
    expect_complete(stream)
    _expect_closed(stream, html)
    return chunk_count(len(stream.chunks))


def _expect_closed(stream: Stream, html: str) -> None:
    so_far = ""
    text = Markup.of(html).text
    for chunk in stream.chunks:
        so_far += chunk.data
        expect(chunk.close is not None, "close in each chunk", chunk)
        shown = so_far + (chunk.close or "")
        markup = Markup.of(shown)
        expect(markup.balanced, "data so far + close balanced", repr(shown[-60:]))
        expect(text.startswith(markup.text), "no split inside a tag or a character reference", repr(markup.text[-60:]))
    expect_equal("visible text", text, Markup.of(so_far).text)


async def markdown(probe: Probe) -> str:
    stream = await _stream(probe, _MARKDOWN, content_type="markdown")
    markup = Markup.of(stream.data)
    expected = {"h1", "strong", "em", "li", "table"}
    expect(expected <= markup.tags, f"elements {', '.join(sorted(expected))}", ", ".join(sorted(markup.tags)))
    expect(not markup.dangers, "no active content", ", ".join(markup.dangers))
    expect("foo_bar_baz" in markup.text, "foo_bar_baz unchanged", markup.text)
    return chunk_count(len(stream.chunks))


async def defaults(probe: Probe) -> str:
    """With unknown fields, as clients of 2.4.1 send them."""
    async with probe.connect() as connection:
        stream = await connection.stream("One two <b>three</b>", test_mode=True, turnId=7, timestamp=None)
    expect_complete(stream)
    expect_equal("the text as sent:", "One two <b>three</b>", stream.data)
    expect_equal("content_type", "text", stream.start.get("content_type"))
    expect_equal("speed", "normal", stream.speed)
    expect_equal("chunks, by word,", 3, len(stream.chunks))
    return ""


async def labels(probe: Probe) -> str:
    """The identifiers that a client gives a request."""
    request_id = probe.new_session_id()
    trace = {"traceparent": f"00-{_TRACE_ID}-00f067aa0ba902b7-01", "tracestate": ""}
    stream = await _stream(probe, "label", request_id=request_id, trace=trace)
    for message in (stream.start, stream.end):
        expect_equal(f"{message['type']}.request_id", request_id, message.get("request_id"))
    expect_equal("trace_id", _TRACE_ID, stream.start.get("trace_id"))
    expect(stream.start.get("stream_id"), "a stream_id", stream.start)
    return ""


async def empty_after_cleaning(probe: Probe) -> str:
    await expect_error("EMPTY_CONTENT", _stream(probe, "<script>alert(1)</script>", content_type="html"))
    return ""


async def _stream(probe: Probe, content: str, **fields: object) -> Stream:
    async with probe.connect() as connection:
        stream = await connection.stream(content, speed="superfast", **fields)
    expect_complete(stream)
    return stream

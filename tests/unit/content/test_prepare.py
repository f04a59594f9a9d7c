"""From a request to a plan: stages, statistics, errors, and hostile content."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from importlib import import_module

import pytest

from service.content import Chunks, Plan, Removal, Stage
from service.content.html.attributes import AttributeFilter
from service.content.prepare import prepare
from service.protocol.errors import ChunkingFailed, EmptyContent, PreparedTooLarge, ProcessingFailed, StreamingError
from service.protocol.limits import Limits
from service.protocol.messages import ChunkBy, Complexity, ContentType, HtmlMode, Speed, StreamRequest
from tests.unit.content.documents import request

TEXT, HTML, MARKDOWN = ContentType.TEXT, ContentType.HTML, ContentType.MARKDOWN
INCREMENTAL = HtmlMode.INCREMENTAL
MODULE = import_module("service.content.prepare")
"""The module: in the package the same name is the function."""


def prepared(request: StreamRequest, limits: Limits | None = None) -> Plan:
    return prepare(request, limits or Limits(), lambda _stage: nullcontext())


def test_the_plan_of_a_document() -> None:
    stream_request = StreamRequest(
        content="# Title\n\nSome *text* <script>alert(1)</script>\n", content_type=MARKDOWN, speed=Speed.ADAPTIVE
    )
    assert prepared(stream_request, Limits(max_chunk_characters=50)) == Plan(
        chunks=Chunks.of(["<h1>Title</h1>", "<p>Some <em>text</em></p>"]),
        complexity=Complexity.HIGH,
        word_count=3,
        has_html=True,
        speed=Speed.NORMAL,
        max_chunk_characters=50,
        removed={Removal.SUBTREE: 1},
    )


@pytest.mark.parametrize("content_type", [HTML, MARKDOWN])
def test_incremental_chunks_have_close_texts(content_type: ContentType) -> None:
    plan = prepared(request("<p>a <b>b c</b></p>", content_type, html_mode=INCREMENTAL))
    assert [chunk.strip() for chunk in plan.chunks] == ["<p>a", "<b>b", "c</b></p>"]
    assert plan.closes == ["</p>", "</b></p>", ""]
    assert prepared(request("<p>a <b>b c</b></p>", content_type)).closes is None


def test_text_is_text_in_either_html_mode() -> None:
    assert prepared(request("<b>a</b> b", TEXT, html_mode=INCREMENTAL)) == prepared(request("<b>a</b> b", TEXT))


def test_text_is_not_interpreted() -> None:
    plan = prepared(request("<b>not bold</b>\t&amp;\r\n\r\n  &lt; ", TEXT))
    assert plan.chunks == ["<b>not ", "bold</b>\t", "&amp;\r\n\r\n  ", "&lt; "]
    assert not plan.has_html


@pytest.mark.parametrize(
    ("content", "has_html"), [("a &lt; b", False), ("a <script>x</script>", False), ("a<br>", True)]
)
def test_has_html_is_true_if_an_element_is_left(content: str, *, has_html: bool) -> None:
    assert prepared(request(content)).has_html is has_html


@pytest.mark.parametrize(
    ("content_type", "stages"),
    [
        (TEXT, [Stage.ANALYSE, Stage.CHUNK]),
        (HTML, [Stage.SANITISE, Stage.ANALYSE, Stage.CHUNK]),
        (MARKDOWN, [Stage.CONVERT, Stage.SANITISE, Stage.ANALYSE, Stage.CHUNK]),
    ],
)
def test_each_stage_that_is_needed_is_timed_once_and_in_order(content_type: ContentType, stages: list[Stage]) -> None:
    timed: list[Stage] = []

    @contextmanager
    def timer(stage: Stage) -> Iterator[None]:
        yield
        timed.append(stage)

    prepare(request("content", content_type), Limits(), timer)
    assert timed == stages


@pytest.mark.parametrize("content", ["", " \n\t\u00a0\u3000"])
@pytest.mark.parametrize("content_type", ContentType)
def test_empty_content_is_refused(content: str, content_type: ContentType) -> None:
    with pytest.raises(EmptyContent):
        prepared(request(content, content_type))


@pytest.mark.parametrize(
    "content", ["<script>alert(1)</script>", "<p> &nbsp;</p><br>", "<!-- x -->", "<input>", "<b></b>"]
)
@pytest.mark.parametrize("content_type", [HTML, MARKDOWN])
def test_content_that_shows_nothing_is_refused(content: str, content_type: ContentType) -> None:
    with pytest.raises(EmptyContent):
        prepared(request(content, content_type))


@pytest.mark.parametrize("content", ["<img src='/a.png'>", "<hr>", "<input type=checkbox>", "&amp;", "\u200b"])
def test_elements_that_show_without_text_are_content(content: str) -> None:
    assert len(prepared(request(content)).chunks) == 1


@pytest.mark.parametrize(
    ("content", "content_type"),
    [("&" * 30, HTML), ("> " * 30 + "a", MARKDOWN), (f"[a](javascript:{'b' * 100})", MARKDOWN)],
)
def test_content_that_grows_past_the_limit_is_refused(content: str, content_type: ContentType) -> None:
    with pytest.raises(PreparedTooLarge):
        prepared(request(content, content_type), Limits(max_prepared_characters=100))
    assert prepared(request(content, content_type), Limits(max_prepared_characters=2000)).chunks


def test_text_never_grows_and_has_no_limit_after_preparation() -> None:
    assert prepared(request("a" * 200, TEXT), Limits(max_prepared_characters=100)).chunks == ["a" * 200]


def test_an_exception_inside_the_tree_parser_is_raised_and_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    fault = ValueError("secret")

    def failing(*_arguments: object) -> None:
        raise fault

    monkeypatch.setattr(AttributeFilter, "start_tag", failing)
    with pytest.raises(ProcessingFailed) as caught:
        prepared(request("<p style='color: #a1b2c3'>content</p>"))
    assert caught.value.__cause__ is fault


class NativePanic(BaseException):
    """The exception that a Rust library raises at a bug."""


NativePanic.__name__ = "PanicException"


@pytest.mark.parametrize("fault", [ValueError("secret"), RecursionError(), MemoryError(), NativePanic()])
@pytest.mark.parametrize(
    ("step", "content_type", "error_class"),
    [
        ("markdown_to_html", MARKDOWN, ProcessingFailed),
        ("sanitise_html", HTML, ProcessingFailed),
        ("analyse_html", HTML, ProcessingFailed),
        ("analyse_text", TEXT, ProcessingFailed),
    ],
)
def test_a_failing_stage_ends_the_request_without_details(
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    content_type: ContentType,
    error_class: type[StreamingError],
    fault: BaseException,
) -> None:
    def failing(*_arguments: object) -> None:
        raise fault

    monkeypatch.setattr(MODULE, step, failing)
    with pytest.raises(error_class) as caught:
        prepared(request("<b>content</b>", content_type))
    assert caught.value.__cause__ is fault
    assert "secret" not in str(caught.value)
    assert "content</b>" not in str(caught.value)


@pytest.mark.parametrize("fault", [ValueError("secret"), RecursionError(), MemoryError(), NativePanic()])
@pytest.mark.parametrize(
    ("step", "stream_request", "chunks", "closes"),
    [
        ("split_text", request("<b>as sent</b>", TEXT), ["<b>as", " sent", "</b>"], None),
        ("split_fragments", request("<p>two<script>x</script></p>words"), ["<p>two</p>words"], None),
        ("split_increments", request("<p>two</p>words", html_mode=INCREMENTAL), ["<p>two</p>words"], [""]),
        ("split_increments", request("*two*", MARKDOWN, html_mode=INCREMENTAL), ["<p><em>two</em></p>"], [""]),
    ],
)
def test_content_that_cannot_be_split_is_streamed_whole_and_safe(  # noqa: PLR0917 - a table of cases
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    stream_request: StreamRequest,
    chunks: list[str],
    closes: list[str] | None,
    fault: BaseException,
) -> None:
    def failing(*_arguments: object) -> None:
        raise fault

    monkeypatch.setattr(MODULE, step, failing)
    plan = prepared(stream_request, Limits(max_chunk_characters=5))
    assert plan.chunks == chunks
    assert plan.closes == closes
    assert isinstance(plan.failure, ChunkingFailed)
    assert plan.failure.__cause__ is fault
    assert "secret" not in str(plan.failure)


def test_an_interrupt_is_not_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(MODULE, "sanitise_html", interrupted)
    with pytest.raises(KeyboardInterrupt):
        prepared(request("content"))


SIZE = 100_000
HOSTILE = {
    "nested div": "<div>" * (SIZE // 5),
    "nested list": "<ul><li>" * (SIZE // 8) + "a",
    "nested quotes": ">" * SIZE,
    "unclosed tags": "<a title='" * (SIZE // 10),
    "unclosed lists": "<ul " * (SIZE // 4),
    "unclosed comments": "a<!--" * (SIZE // 5),
    "unclosed script": "a<script>" * (SIZE // 9),
    "less than": "<" * SIZE,
    "one word": "a" * SIZE,
    "one Chinese word": "你" * (SIZE // 3),
    "combining marks": "a" + "\u0301" * (SIZE // 2),
    "joined emoji": "👨\u200d" * (SIZE // 7),
    "spaces": "a" + " " * SIZE + "b",
    "line ends": "a" + "\r\n" * (SIZE // 2) + "b",
    "brackets": "[" * SIZE,
    "one row": "|a" * (SIZE // 4) + "\n" + "|-" * (SIZE // 4),
    "one style": f"<p style='{'color: rgb(' * (SIZE // 11)}'>a",
    "nul": "\0" * SIZE,
}


@pytest.mark.parametrize("chunk_by", [ChunkBy.WORD, ChunkBy.CHARACTER])
@pytest.mark.parametrize("content_type", ContentType)
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_content_is_streamed_or_refused(name: str, content_type: ContentType, chunk_by: ChunkBy) -> None:
    content = HOSTILE[name]
    try:
        plan = prepared(request(content, content_type, chunk_by))
    except (EmptyContent, PreparedTooLarge):
        assert content_type is not TEXT
        return
    if content_type is TEXT:
        assert "".join(plan.chunks) == content
        assert max(map(len, plan.chunks)) <= Limits().max_chunk_characters
    assert all(plan.chunks)

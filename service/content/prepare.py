"""From a request to a plan, stage by stage."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from service.content.analysis import analysed_html, analysed_text
from service.content.chunk import text_chunks
from service.content.fragment import fragments
from service.content.incremental import increments
from service.content.markdown import html_from_markdown
from service.content.markup import shows_anything
from service.content.plan import Plan
from service.content.removal import Removal
from service.content.sanitise import Sanitised, check_size, sanitised
from service.content.stage import Stage, StageTimer
from service.protocol.errors import ChunkingFailed, EmptyContent, ProcessingFailed, StreamingError
from service.protocol.limits import Limits
from service.protocol.messages import ContentType, HtmlMode, StreamRequest

_NATIVE_PANIC = "PanicException"
"""What a bug in a Rust library raises: not an ``Exception``, and of a class that cannot be imported."""


def prepare(request: StreamRequest, limits: Limits, timer: StageTimer) -> Plan:
    """The plan for a request: joined, its chunks are the text as sent, or the sanitised HTML.

    Only the stages that the content type needs are run and timed. Raises ``EmptyContent``, ``PreparedTooLarge`` and
    ``ProcessingFailed``. If cutting fails, the plan has a ``failure`` and hardly any cuts, but nothing is lost.
    Whatever fails, no HTML comes out that was not sanitised.
    """
    content = request.content
    if not content or content.isspace():
        raise EmptyContent("The content is empty. Send something to stream.")
    is_text = request.content_type is ContentType.TEXT
    whole = content
    removed: Mapping[Removal, int] = {}
    if not is_text:
        safe = _safe_html(request, limits.max_prepared_characters, timer)
        whole, removed = safe.html, safe.removed
    with _stage(Stage.ANALYSE, timer):
        analysis = analysed_text(whole) if is_text else analysed_html(whole)
    failure = None
    try:
        with _stage(Stage.CHUNK, timer):
            chunks, closes = _cut(whole, request, limits.max_chunk_characters)
    except ChunkingFailed as error:
        failure = error
        chunks, closes = _hardly_cut(whole, request, limits.max_chunk_characters)
    return Plan(
        chunks=chunks,
        complexity=analysis.complexity,
        word_count=analysis.word_count,
        has_html=analysis.tag_count > 0,
        speed=analysis.speed(request.speed),
        max_chunk_characters=limits.max_chunk_characters,
        removed=removed,
        closes=closes,
        failure=failure,
    )


def _cut(whole: str, request: StreamRequest, max_characters: int) -> tuple[Sequence[str], Sequence[str] | None]:
    """Chunks, and in incremental mode what closes what is open after each."""
    if request.content_type is ContentType.TEXT:
        return text_chunks(whole, request.chunk_by, max_characters), None
    if request.html_mode is HtmlMode.INCREMENTAL:
        return increments(whole, request.chunk_by, max_characters)
    return fragments(whole, request.chunk_by, max_characters), None


def _hardly_cut(whole: str, request: StreamRequest, max_characters: int) -> tuple[Sequence[str], Sequence[str] | None]:
    """The same without a look at the content, for when that fails: text at the limit, safe HTML as one whole."""
    if request.content_type is ContentType.TEXT:
        return [whole[start : start + max_characters] for start in range(0, len(whole), max_characters)], None
    return [whole], [""] if request.html_mode is HtmlMode.INCREMENTAL else None


def _safe_html(request: StreamRequest, max_characters: int, timer: StageTimer) -> Sanitised:
    html = request.content
    if request.content_type is ContentType.MARKDOWN:
        with _stage(Stage.CONVERT, timer):
            html = html_from_markdown(html)
            check_size(html, max_characters)
    with _stage(Stage.SANITISE, timer):
        safe = sanitised(html, max_characters)
        if not shows_anything(safe.html):
            raise EmptyContent("Nothing is left to show of the content once it is made safe. Send some text.")
    return safe


@contextmanager
def _stage(stage: Stage, timer: StageTimer) -> Iterator[None]:
    """Time a stage, and turn what it did not foresee into an error that a client may be told of."""
    try:
        with timer(stage):
            yield
    except StreamingError:
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != _NATIVE_PANIC:
            raise
        if stage is Stage.CHUNK:
            raise ChunkingFailed("The content could not be cut into chunks. Try again, or send it as text.") from error
        raise ProcessingFailed("The content could not be processed. Try again, or send it as text.") from error

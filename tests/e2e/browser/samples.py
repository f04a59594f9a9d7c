"""The samples of the page, and the chunks that the service streams for them."""

from contextlib import nullcontext
from pathlib import Path
from typing import NamedTuple

from service.content import Plan
from service.content.prepare import prepare
from service.protocol.limits import Limits
from service.protocol.messages import ChunkBy, ContentType, HtmlMode, StreamRequest
from tests.conftest import PROJECT

_FOLDER = PROJECT / "clients/page/samples"
_CONTENT_TYPES = {".html": ContentType.HTML, ".md": ContentType.MARKDOWN, ".txt": ContentType.TEXT}


class Sample(NamedTuple):
    name: str
    """The text of its button."""
    path: Path

    @property
    def content(self) -> str:
        return self.path.read_text()

    @property
    def content_type(self) -> ContentType:
        return _CONTENT_TYPES[self.path.suffix]


SAMPLES = [
    Sample(name, _FOLDER / file)
    for name, file in {
        "Plain Text": "plain.txt",
        "HTML": "basic.html",
        "Markdown": "markdown.md",
        "Adaptive": "adaptive.html",
        "Sentence": "sentence.txt",
        "Complex HTML": "complex.html",
        "Nested": "nested.html",
        "Lists": "lists.html",
        "Colours and Styles": "colours.html",
        "Table": "table.html",
        "MEGA Complex HTML": "mega.html",
        "Thai": "thai.txt",
        "Chinese": "chinese.md",
        "Emoji": "emoji.txt",
        "Arabic": "arabic.md",
        "Hebrew": "hebrew.html",
        "Welcome": "welcome.md",
    }.items()
]

NAMED = {sample.name: sample for sample in SAMPLES}


def stream_at_once(content: str, content_type: ContentType, html_mode: HtmlMode = HtmlMode.INCREMENTAL) -> str:
    """Return the joined chunks of the sample."""
    request = StreamRequest(content=content, content_type=content_type, chunk_by=ChunkBy.WORD, html_mode=html_mode)
    plan: Plan = prepare(request, Limits(), lambda _stage: nullcontext())
    return "".join(plan.chunks)

"""Content work on its own: ``prepare`` against one pass of a library over the same document.

A program of its own, so that a core can be given to it: reads a ``Task``, writes a ``Measure``, both JSON.
"""

import re
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial

import cmarkgfm
import msgspec
import nh3

from benchmarks.documents import document
from benchmarks.figures import Measure
from service.core.content import prepare
from service.core.limits import Limits
from service.core.messages import ContentType, StreamRequest


class Task(msgspec.Struct, frozen=True):
    sizes_bytes: tuple[int, ...]
    repeats: int


_LIBRARIES: dict[ContentType, tuple[str, Callable[[str], object]]] = {
    ContentType.TEXT: ("re.findall", re.compile(r"\S+\s*|\s+").findall),
    ContentType.HTML: ("nh3.clean", nh3.clean),
    ContentType.MARKDOWN: ("cmarkgfm", cmarkgfm.github_flavored_markdown_to_html),
}


def _cpu_milliseconds(work: Callable[[], object]) -> float:
    began = time.process_time_ns()
    work()
    return (time.process_time_ns() - began) / 1e6


def measure(task: Task) -> Measure:
    """The two take turns, so that both meet the same machine; the first turn of each warms up and does not count."""
    measured = Measure("content", "CPU to prepare a document, by word, against one pass of a library over it", "ms")
    for content_type, (library_name, library) in _LIBRARIES.items():
        for size_bytes in task.sizes_bytes:
            content = document(content_type, size_bytes)
            request = StreamRequest(content=content, content_type=content_type)
            ours = partial(prepare, request, Limits(), lambda _stage: nullcontext())
            others = partial(library, content)
            case = f"{size_bytes // 1000} KB {content_type}, {library_name}"
            for turn in range(task.repeats + 1):
                ours_milliseconds, others_milliseconds = _cpu_milliseconds(ours), _cpu_milliseconds(others)
                if turn:
                    measured.add(case, "service", ours_milliseconds)
                    measured.add(case, "library", others_milliseconds)
    return measured


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(measure(msgspec.json.decode(sys.stdin.buffer.read(), type=Task))))

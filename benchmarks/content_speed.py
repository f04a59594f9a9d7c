"""The speed of content work: ``prepare`` against one pass of a library over the same content, and against twice of it.

A program of its own, so that a core can be given to it: reads a ``Task``, writes a list of ``Measure``, both JSON.
"""

import gc
import re
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from functools import partial

import cmarkgfm
import msgspec
import nh3
import regex

from benchmarks.contents import (
    HOSTILE,
    LATIN_BY_CHARACTER,
    LATIN_BY_WORD,
    MARKDOWN_DOCUMENT,
    RICH,
    SCRIPTS,
    Asking,
)
from benchmarks.figures import Measure
from service.content import Plan, prepare
from service.protocol.limits import Limits
from service.protocol.messages import StreamRequest

Work = Callable[[], object]

_LIMITS = Limits(max_prepared_characters=10_000_000)
_CONVERT = cmarkgfm.github_flavored_markdown_to_html
_CUT_AT_SPACES: tuple[str, Callable[[str], object]] = ("re.findall", re.compile(r"\S+\s*|\s+").findall)
_LIBRARIES: Mapping[str, tuple[str, Callable[[str], object]]] = {
    LATIN_BY_WORD: _CUT_AT_SPACES,
    LATIN_BY_CHARACTER: (r"regex \X", regex.compile(r"\X").findall),
    SCRIPTS: _CUT_AT_SPACES,
}


class Task(msgspec.Struct, frozen=True):
    sizes_bytes: tuple[int, ...]
    repeats: int


def prepared(request: StreamRequest) -> Plan:
    return prepare(request, _LIMITS, lambda _stage: nullcontext())


def measure(task: Task) -> list[Measure]:
    against = Measure("content", "CPU to prepare a content, against one pass of a library over it", "ms")
    markdown = Measure("content_markdown", "CPU to prepare Markdown, against the steps that it cannot do without", "ms")
    gc.freeze()  # as the service does when it has started
    growth = Measure("content_growth", "CPU to prepare a content that is twice as long", "ms")
    *_, largest = task.sizes_bytes
    for name, asking in RICH.items():
        for size_bytes in task.sizes_bytes:
            request = asking(size_bytes)
            case = f"{size_bytes // 1000} KB {name}"
            if name == MARKDOWN_DOCUMENT:
                html = _CONVERT(request.content)
                works: dict[str, Work] = {
                    "service": partial(prepared, request),
                    "cmarkgfm": partial(_CONVERT, request.content),
                    "nh3.clean of its HTML": partial(nh3.clean, html),
                }
                _race(markdown, case, works, task.repeats)
            else:
                library, pass_over = _LIBRARIES.get(name, ("nh3.clean", nh3.clean))
                works = {"service": partial(prepared, request), "library": partial(pass_over, request.content)}
                _race(against, f"{case}, {library}", works, task.repeats)
    for name, asking in {**RICH, **HOSTILE}.items():
        _race(growth, name, dict(_twice(asking, largest)), task.repeats)
    return [against, markdown, growth]


def _twice(asking: Asking, size_bytes: int) -> Iterable[tuple[str, Work]]:
    for size in (2 * size_bytes, size_bytes):
        yield f"{size // 1000} KB", partial(prepared, asking(size))


def _race(measured: Measure, case: str, works: Mapping[str, Work], repeats: int) -> None:
    """They take turns, so that all meet the same machine; the first turn of each warms up and does not count."""
    for turn in range(repeats + 1):
        for subject, work in works.items():
            milliseconds = _cpu_milliseconds(work)
            if turn:
                measured.add(case, subject, milliseconds)


def _cpu_milliseconds(work: Work) -> float:
    began = time.process_time_ns()
    work()
    return (time.process_time_ns() - began) / 1e6


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(measure(msgspec.json.decode(sys.stdin.buffer.read(), type=Task))))

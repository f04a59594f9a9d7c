"""Log files: JSON lines, plain or compressed with gzip, or standard input."""

import gzip
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from heapq import nlargest
from pathlib import Path
from typing import IO

from service.cli.explain.causes.wording import counted
from service.cli.explain.evidence import LogLine
from service.cli.explain.evidence.log_lines import parse_line
from service.cli.explain.evidence.span_lines import parse_spans
from service.cli.explain.sources.gathering import Gathered, Unreachable, gather

_GZIP = b"\x1f\x8b"
_MAX_LINES = 400_000
"""About 400 MB; of more lines the newest are kept."""


def read_logs(paths: Iterable[str]) -> list[Gathered]:
    """The lines of each file."""
    return [gather(f"log {_name(path)}", partial(_read_log, path), live=False) for path in paths]


def read_traces(paths: Iterable[str]) -> list[Gathered]:
    """The spans of each file."""
    return [gather(f"traces {_name(path)}", partial(_read_traces, path), live=False) for path in paths]


def _read_log(path: str, found: Gathered) -> str:
    others = 0
    for text in _lines(path):
        if (line := parse_line(text)) is None:
            others += bool(text.strip())
            continue
        found.lines.append(line)
        if len(found.lines) > 2 * _MAX_LINES:
            found.lines = _newest(found.lines)
    if others and not found.lines:
        raise Unreachable("none of its lines is JSON of the service, as LOG_FORMAT=json writes it")
    found.lines = _newest(found.lines)
    return counted(len(found.lines), "line") + (f", {counted(others, 'other')} skipped" if others else "")


def _read_traces(path: str, found: Gathered) -> str:
    damaged = 0
    for text in _lines(path):
        if text.strip():
            spans = parse_spans(text)
            damaged += spans is None
            found.spans += spans or []
    return counted(len(found.spans), "span") + (f", {counted(damaged, 'line')} skipped" if damaged else "")


def _lines(path: str) -> Iterator[bytes]:
    """The lines up to the end, or up to where a compressed file is damaged. Raises ``Unreachable``."""
    read = 0
    try:
        with _opened(path) as file:
            for text in file:
                read += 1
                yield text
    except (OSError, EOFError, zlib.error) as error:
        if not read:
            raise Unreachable(getattr(error, "strerror", None) or str(error)) from error


@contextmanager
def _opened(path: str) -> Iterator[IO[bytes]]:
    if path == "-":
        yield sys.stdin.buffer
        return
    with Path(path).open("rb") as file:
        if file.peek(2)[:2] == _GZIP:
            with gzip.open(file) as uncompressed:
                yield uncompressed  # type: ignore[misc]  # it reads like the file
        else:
            yield file


def _newest(lines: list[LogLine]) -> list[LogLine]:
    return lines if len(lines) <= _MAX_LINES else nlargest(_MAX_LINES, lines, key=lambda line: line.at)


def _name(path: str) -> str:
    return "standard input" if path == "-" else path

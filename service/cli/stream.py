"""The ``stream`` command: one document, printed as it arrives."""

import asyncio
import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, TextIO

from service.cli.exits import Exit
from service.cli.target import SIGN_IN_ADVICE, report_unreachable
from service.cli.terminal import Part, Screen
from service.cli.timings import Timings
from streaming_content import (
    ConnectFailed,
    ConnectionClosed,
    ServerError,
    Stream,
    StreamingError,
    connect,
)

_CANCEL_SECONDS = 2.0

_TYPES_BY_SUFFIX = {".html": "html", ".htm": "html", ".md": "markdown", ".markdown": "markdown"}


class UnreadableSource(Exception):
    """The document cannot be read. ``str()`` is a sentence with the remedy."""


def read_source(source: str) -> str:
    """The content of a file, or of standard input for ``-``. Raises ``UnreadableSource``."""
    name = "standard input" if source == "-" else source
    try:
        return (sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()).decode()
    except OSError as error:
        raise UnreadableSource(f"Cannot read {name}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        sentence = f"Cannot read {name}: it is not UTF-8 (byte {error.start}). Convert it with iconv."
        raise UnreadableSource(sentence) from error


def content_type_of(source: str) -> str:
    """The content type of a file by its suffix."""
    return _TYPES_BY_SUFFIX.get(Path(source).suffix.lower(), "text")


class Display:
    """Writes the document to ``out`` byte for byte, and everything else to ``err``.

    The progress bar appears only on a terminal, and only while the document goes elsewhere.
    """

    def __init__(self, out: BinaryIO, err: TextIO, *, quiet: bool = False) -> None:
        self._out = out
        self._err = err
        self._quiet = quiet
        self._screen = Screen(err)
        self._shows_progress = not out.isatty() and not quiet
        self._line_is_open = False

    def data(self, text: str) -> None:
        self._out.write(text.encode(errors="replace"))
        self._out.flush()
        self._line_is_open = not text.endswith("\n") if text else self._line_is_open

    def progress(self, stream: Stream) -> None:
        if self._shows_progress:
            self._screen.progress("chunks", len(stream.chunks), stream.start.get("total_chunks"))

    def timings(self, timings: Timings, *, as_json: bool) -> None:
        if as_json:
            self.write_line(json.dumps(timings.as_json()))
        elif not self._quiet:
            style = "green" if timings.outcome == "complete" else "red"
            for name, figure in timings.figures():
                self.write_line(f"{name:<12}", (figure, style) if name == "outcome" else figure)

    def write_line(self, *parts: Part) -> None:
        """Write text that begins on a line of its own."""
        self.close()
        if self._line_is_open and self._out.isatty() and self._err.isatty():
            self._err.write("\n")
            self._line_is_open = False
        self._screen.line(*parts)

    def close(self) -> None:
        """Remove the progress bar."""
        self._screen.close()


def stream(opening: connect, session_id: str, request: dict[str, str], *, quiet: bool, as_json: bool) -> Exit:
    """Stream the request, print the document and its timings. Raises ``BrokenPipeError`` if the output is closed.

    ``opening`` opens the connection to the session. ``request`` has the fields of the ``stream_request``, including its
    content. Ctrl-C cancels the stream at the server before the command ends; a second one ends it at once.
    """
    display = Display(sys.stdout.buffer, sys.stderr, quiet=quiet)
    received = Stream(**request)
    try:
        asyncio.run(_print(opening, received, display))
        code = Exit.DONE
    except ConnectFailed as error:
        return report_unreachable(error)
    except StreamingError as error:
        cause = (error.error if isinstance(error, ConnectionClosed) else None) or error
        needs_token = isinstance(cause, ServerError) and cause.code == "UNAUTHENTICATED"
        display.write_line(f"{cause}{SIGN_IN_ADVICE if needs_token else ''}")
        code = Exit.FAILED
    except KeyboardInterrupt:
        code = Exit.INTERRUPTED
    finally:
        display.close()
    if received.start:
        display.timings(Timings.of(received, session_id), as_json=as_json)
    return code


async def _print(opening: connect, received: Stream, display: Display) -> None:
    async with opening as connection:
        await connection.start(received)
        try:
            async for chunk in received:
                display.data(chunk.data)
                display.progress(received)
        except (asyncio.CancelledError, BrokenPipeError):  # Ctrl-C cancels the task that asyncio.run() runs
            with suppress(StreamingError, TimeoutError):
                await connection.control("cancel")
                async with asyncio.timeout(_CANCEL_SECONDS):
                    await received.wait_ended()
            raise

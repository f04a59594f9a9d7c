"""The ``stream`` command: one document, printed as it arrives."""

import asyncio
import json
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, TextIO

from service.cli.address import Address, CannotConnect
from service.cli.client import Conversation, ConversationBroken, Reception, ServerError, converse
from service.cli.exits import Exit
from service.cli.timings import Timings

_CANCEL_SECONDS = 2.0

_TYPES_BY_ENDING = {".html": "html", ".htm": "html", ".md": "markdown", ".markdown": "markdown"}


class BadSource(Exception):
    """The document cannot be read. ``str()`` is a sentence that says what to do."""


def read_source(source: str) -> str:
    """The content of a file, or of standard input for ``-``, to the last character. Raises ``BadSource``."""
    name = "standard input" if source == "-" else source
    try:
        return (sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()).decode()
    except OSError as error:
        raise BadSource(f"Cannot read {name}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise BadSource(f"Cannot read {name}: it is not UTF-8 (byte {error.start}). Convert it with iconv.") from error


def guessed_type(source: str) -> str:
    """A file's content type by its ending."""
    return _TYPES_BY_ENDING.get(Path(source).suffix.lower(), "text")


class Display:
    """The document goes to ``out`` byte for byte; all else goes to ``err``.

    The progress line is shown only where it disturbs nobody: on a terminal, and only while the document itself goes
    elsewhere.
    """

    def __init__(self, out: BinaryIO, err: TextIO, *, quiet: bool = False) -> None:
        self._out = out
        self._err = err
        self._quiet = quiet
        self._shows_progress = err.isatty() and not out.isatty() and not quiet
        self._progress_width = 0
        self._line_is_open = False

    def data(self, text: str) -> None:
        self._out.write(text.encode(errors="replace"))
        self._out.flush()
        self._line_is_open = not text.endswith("\n") if text else self._line_is_open

    def progress(self, reception: Reception) -> None:
        if self._shows_progress:
            total = reception.start.get("total_chunks", "?")
            elapsed = time.perf_counter() - reception.requested_at
            self._overwrite(f"chunk {len(reception.chunks)} of {total}, {elapsed:.1f} s")

    def timings(self, timings: Timings, *, as_json: bool) -> None:
        if as_json:
            self.say(json.dumps(timings.as_json()))
        elif not self._quiet:
            self.say("\n".join(timings.lines()))

    def say(self, text: str) -> None:
        """Lines for a person, on lines of their own."""
        self._overwrite("")
        if self._line_is_open and self._out.isatty() and self._err.isatty():
            self._err.write("\n")
            self._line_is_open = False
        self._err.write(f"{text}\n")
        self._err.flush()

    def _overwrite(self, text: str) -> None:
        if self._progress_width or text:
            self._err.write(f"\r{text:<{self._progress_width}}" + ("" if text else "\r"))
            self._err.flush()
            self._progress_width = len(text)


def stream(address: Address, session_id: str, request: dict[str, str], *, quiet: bool, as_json: bool) -> Exit:
    """Send the request, print what comes, and its timings. Raises ``BrokenPipeError`` when nobody reads it any more.

    ``request`` holds the fields of the ``stream_request``, its content among them. Ctrl-C cancels the stream at the
    server and then leaves; a second one leaves at once.
    """
    display = Display(sys.stdout.buffer, sys.stderr, quiet=quiet)
    reception = Reception()
    try:
        asyncio.run(_print(address, session_id, request, reception, display))
        code = Exit.DONE
    except CannotConnect as error:
        display.say(str(error))
        return Exit.USAGE
    except (ServerError, ConversationBroken) as error:
        display.say(str(error))
        code = Exit.FAILED
    except KeyboardInterrupt:
        code = Exit.INTERRUPTED
    if reception.start:
        display.timings(Timings.of(reception, session_id), as_json=as_json)
    return code


async def _print(
    address: Address, session_id: str, request: dict[str, str], reception: Reception, display: Display
) -> None:
    async with converse(address, session_id) as conversation:
        await conversation.request(reception, **request)
        try:
            while not reception.end:
                message, at = await conversation.receive(within_seconds=None)
                reception.take(message, at)
                if message["type"] == "chunk":
                    display.data(message["data"])
                display.progress(reception)
        except (asyncio.CancelledError, BrokenPipeError):  # Ctrl-C cancels the task that asyncio.run() runs
            await _cancel(conversation, reception)
            raise
    if reception.end["type"] == "error":
        raise ServerError(reception.end)


async def _cancel(conversation: Conversation, reception: Reception) -> None:
    """Tell the server, and wait a moment for its word; what it still had under way is not printed."""
    with suppress(ConversationBroken, TimeoutError):
        await conversation.control("cancel")
        async with asyncio.timeout(_CANCEL_SECONDS):
            while not reception.end:
                message, at = await conversation.receive(within_seconds=None)
                if message["type"] != "chunk":
                    reception.take(message, at)

"""Colours and a progress bar where the output is a terminal, plain lines elsewhere."""

import os
from typing import TYPE_CHECKING, Self, TextIO

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

Part = str | tuple[str, str]
"""Text, or text with one of the styles of rich, such as ``bold red``."""


class Screen:
    """Lines, and on a terminal a progress bar below them, which ``close`` removes. A context manager.

    The variable ``NO_COLOR`` removes the colours, ``TERM=dumb`` also the bar.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._console = _console(file)
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def is_terminal(self) -> bool:
        return self._console is not None

    def line(self, *parts: Part) -> None:
        """Write a line, above the bar if there is one."""
        if self._console is None:
            self._file.write("".join(part if isinstance(part, str) else part[0] for part in parts).rstrip() + "\n")
            self._file.flush()
        else:
            from rich.text import Text

            text = Text.assemble(*parts)
            text.rstrip()
            self._console.print(text, soft_wrap=True)

    def progress(self, what: str, done: int, total: int | None) -> None:
        """Show that ``done`` of ``total`` are done, on a terminal only; ``None`` where the total is not known."""
        if self._console is None:
            return
        if self._bar is None:
            self._bar = _bar(self._console)
            self._task = self._bar.add_task(what, total=total)
            self._bar.start()
        assert self._task is not None
        self._bar.update(self._task, description=what, completed=done, total=total)

    def close(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def _console(file: TextIO) -> "Console | None":
    """``None`` where it is no terminal; rich, which takes 50 ms to load, is then not imported."""
    if not file.isatty() or os.environ.get("TERM") == "dumb":
        return None
    from rich.console import Console

    return Console(file=file, highlight=False, markup=False)


def _bar(console: "Console") -> "Progress":
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    return Progress(*columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False)

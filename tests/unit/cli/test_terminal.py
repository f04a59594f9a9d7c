"""Lines in colour with a progress bar on a terminal, and plain lines elsewhere."""

import io

import pytest

from service.cli.terminal import Screen


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")


def written(out: io.StringIO) -> str:
    """What one line and a bar of two steps write."""
    with Screen(out) as screen:
        screen.progress("checks", 0, 2)
        screen.line("[a] ", ("PASS", "green"), "  ")
        screen.progress("checks", 2, 2)
    return out.getvalue()


def test_a_file_gets_the_text_only() -> None:
    assert written(io.StringIO()) == "[a] PASS\n"


def test_a_terminal_without_abilities_gets_the_text_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert written(Terminal()) == "[a] PASS\n"


def test_a_terminal_gets_colours_and_a_bar_that_is_erased() -> None:
    shown = written(Terminal())
    assert "[a] \x1b[32mPASS\x1b[0m\n" in shown
    assert "2/2" in shown
    assert shown.endswith("\x1b[2K")


def test_no_color_removes_the_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    shown = written(Terminal())
    assert "[a] PASS\n" in shown
    assert "\x1b[3" not in shown


def test_a_long_line_is_not_broken() -> None:
    out = Terminal()
    Screen(out).line("word " * 100)
    assert out.getvalue() == "word " * 99 + "word\n"

"""``stream`` prints a document as it arrives, and everything else on standard error."""

import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from service.cli import main
from tests.integration.cli.scripted import TOKEN, GuardedService, Message, ScriptedService
from tests.integration.cli.scripted_server import serving

TERMINAL = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR"}}
TERMINAL |= {"TERM": "xterm-256color", "COLUMNS": "100"}
"""The environment of a command on a terminal, wherever the tests run."""

TEXT = "One two.\r\n\n\tThree  na\u00efve \u65e5\u672c\u8a9e"


@pytest.fixture
def service() -> ScriptedService:
    return ScriptedService()


@pytest.fixture
def url(service: ScriptedService) -> Iterator[str]:
    with serving(service) as url:
        yield url


@pytest.fixture
def text_file(tmp_path: Path) -> Path:
    return write(tmp_path / "text.txt", TEXT)


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_standard_output_has_only_the_document(
    url: str, text_file: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["stream", str(text_file), "--url", url, "--speed", "superfast"]) == 0
    assert capfdbinary.readouterr().out == TEXT.encode()


def test_standard_error_has_the_timings(url: str, text_file: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    main(["stream", str(text_file), "--url", url, "--speed", "fast", "--session", "mine"])
    lines = dict(line.split(maxsplit=1) for line in capfdbinary.readouterr().err.decode().splitlines())
    assert lines["outcome"] == "complete"
    assert lines["chunks"] == "5"
    assert lines["bytes"] == str(len(TEXT.encode()))
    assert lines["gap"].endswith("pace 50 ms")
    assert (lines["speed"], lines["complexity"], lines["session"], lines["stream"]) == ("fast", "low", "mine", "s1")
    assert {"first", "duration", "processing", "trace"} <= set(lines)


def test_the_timings_can_be_json(url: str, text_file: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    main(["stream", str(text_file), "--url", url, "--speed", "superfast", "--json"])
    timings = json.loads(capfdbinary.readouterr().err)
    assert timings["outcome"] == "complete"
    assert timings["chunks"] == timings["total_chunks"] == 5
    assert timings["bytes"] == len(TEXT.encode())
    assert timings["pace_ms"] == 30
    assert 0 < timings["time_to_first_chunk_ms"] < timings["duration_ms"]
    assert 0 < timings["gap_p50_ms"] <= timings["gap_p99_ms"]
    assert timings["processing_ms"] == 1.5


def test_quiet_prints_only_the_document(url: str, text_file: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    main(["stream", str(text_file), "--url", url, "--speed", "superfast", "--quiet"])
    assert capfdbinary.readouterr() == (TEXT.encode(), b"")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("a.html", {"content_type": "html", "speed": "normal", "chunk_by": "word", "html_mode": "fragment"}),
        ("a.MD --speed fast", {"content_type": "markdown", "speed": "fast"}),
        ("a.txt --chunk-by sentence", {"content_type": "text", "chunk_by": "sentence"}),
        ("a.html --type text --html-mode incremental", {"content_type": "text", "html_mode": "incremental"}),
    ],
)
def test_options_become_fields_of_the_request(
    service: ScriptedService, url: str, tmp_path: Path, arguments: str, expected: Message
) -> None:
    name, *options = arguments.split()
    main(["stream", str(write(tmp_path / name, "x")), "--url", url, *options])
    [request] = service.received
    assert request["content"] == "x"
    assert expected.items() <= request.items()


def test_a_dash_reads_standard_input(
    url: str, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TEXT.encode())))
    assert main(["stream", "-", "--url", url, "--speed", "superfast"]) == 0
    assert capfdbinary.readouterr().out == TEXT.encode()


def test_the_url_may_contain_the_session(
    service: ScriptedService, url: str, text_file: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    main(["stream", str(text_file), "--url", f"{url}/ws/stream/from-url".replace("ws:", "http:"), "--json"])
    assert json.loads(capfdbinary.readouterr().err)["session_id"] == "from-url"
    assert dict(service.used) == {"from-url": 1}


def test_the_token_is_that_of_the_variable_or_the_option(
    text_file: Path, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(GuardedService()) as url:
        command = ["stream", str(text_file), "--url", url, "--speed", "superfast", "--quiet"]
        assert main([*command, "--token", TOKEN]) == 0
        monkeypatch.setenv("STREAM_TOKEN", TOKEN)
        assert main(command) == 0
        assert capfdbinary.readouterr() == (TEXT.encode() * 2, b"")
        assert main([*command, "--token", "wrong"]) == 2
        assert b"HTTP 401. The token is not valid. Set STREAM_TOKEN" in capfdbinary.readouterr().err


def test_a_service_that_needs_a_token_is_reported(text_file: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    with serving(GuardedService()) as url:
        assert main(["stream", str(text_file), "--url", url]) == 1
    error = b"UNAUTHENTICATED: Sign in. Set STREAM_TOKEN to a token that the service accepts.\n"
    assert capfdbinary.readouterr() == (b"", error)


def test_an_error_of_the_server_is_printed_with_its_code(
    url: str, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["stream", str(write(tmp_path / "large.txt", "x" * 1001)), "--url", url]) == 1
    assert capfdbinary.readouterr() == (b"", b"CONTENT_TOO_LARGE: Correct it.\n")


def test_a_refused_handshake_is_printed_with_the_sentence_of_the_server(
    url: str, text_file: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["stream", str(text_file), "--url", url, "--session", "not/this"]) == 2
    expected = b"The server refused the connection with HTTP 400. The session id is invalid.\n"
    assert capfdbinary.readouterr() == (b"", expected)


class Restarts(ScriptedService):
    def closes_at(self, index: int) -> int | None:
        return 1012 if index == 2 else None


def test_a_close_during_the_stream_is_printed_after_the_data(
    text_file: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    with serving(Restarts()) as url:
        assert main(["stream", str(text_file), "--url", url]) == 1
    out, err = capfdbinary.readouterr()
    assert out == b"One two.\r\n\n\t"
    assert b"closed the connection (1012: the server restarts" in err
    assert b"outcome     broken off\n" in err
    assert b"chunks      2 of 5\n" in err


def test_an_unreachable_server_is_printed(
    closed_port: int, text_file: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["stream", str(text_file), "--url", f"ws://localhost:{closed_port}"]) == 2
    out, err = capfdbinary.readouterr()
    assert out == b""
    assert err.startswith(f"Cannot connect to http://localhost:{closed_port}: connection refused. Start".encode())
    assert err.count(b"\n") == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["stream", "no-such-file"], "Cannot read no-such-file: No such file or directory."),
        (["stream", "latin1.txt"], "Cannot read latin1.txt: it is not UTF-8 (byte 2). Convert it with iconv."),
        (["stream", "ok.txt", "--speed", "warp"], "argument --speed: invalid choice: 'warp'"),
        (["stream", "ok.txt", "--url", "localhost:8000"], "write it like ws://127.0.0.1:8000"),
        (["stream", "ok.txt", "--sped", "fast"], "unrecognized arguments: --sped fast"),
        (["stream"], "the following arguments are required: FILE"),
        (["strem"], "invalid choice: 'strem'"),
        ([], "the following arguments are required: COMMAND"),
    ],
)
def test_a_usage_error_is_one_sentence(
    arguments: list[str],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "latin1.txt", "na\u00efve".encode("latin-1"))
    write(tmp_path / "ok.txt", "x")
    try:
        code: object = main(arguments)
    except SystemExit as leaving:
        code = leaving.code
    captured = capsys.readouterr()
    assert (code, captured.out) == (2, "")
    assert sentence in captured.err
    assert captured.err.count("\n") == 1


# Signals, pipes and terminals need a process of their own.


@contextmanager
def streaming(
    url: str, source: Path, *, out: int, err: int, speed: str = "normal", **settings: str
) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "service", "stream", str(source), "--url", url, "--speed", speed]
    with subprocess.Popen(command, stdout=out, stderr=err, env=TERMINAL | settings) as process:
        try:
            yield process
        finally:
            process.kill()


def test_ctrl_c_cancels_the_stream_at_the_server(service: ScriptedService, url: str, tmp_path: Path) -> None:
    source = write(tmp_path / "long.txt", "word " * 200)
    with streaming(url, source, out=subprocess.PIPE, err=subprocess.PIPE, speed="slow") as process:
        assert process.stdout is not None
        assert process.stdout.read(5) == b"word "
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
    assert process.returncode == 130
    assert b"outcome     cancelled\n" in err
    assert b"Traceback" not in err
    assert service.received[-1] == {"type": "stream_control", "action": "cancel"}


def test_a_closed_pipe_cancels_the_stream_at_the_server(service: ScriptedService, url: str, tmp_path: Path) -> None:
    source = write(tmp_path / "long.txt", "word " * 200)
    with streaming(url, source, out=subprocess.PIPE, err=subprocess.PIPE, speed="slow") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(5) == b"word "
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141
    assert service.received[-1] == {"type": "stream_control", "action": "cancel"}


def test_progress_appears_on_a_terminal_while_the_document_goes_to_a_file(
    url: str, text_file: Path, tmp_path: Path
) -> None:
    with (tmp_path / "out.txt").open("wb") as out:
        shown = on_a_terminal(url, text_file, out=out.fileno())
    progress, timings = shown.rsplit("\x1b[2K", 1)  # the bar is erased before the timings
    assert "5/5" in progress
    assert re.search(r"outcome +.*complete", timings)
    assert (tmp_path / "out.txt").read_bytes() == TEXT.encode()


def test_a_document_on_the_terminal_is_not_overwritten(url: str, text_file: Path) -> None:
    shown = on_a_terminal(url, text_file, out=None)
    assert shown.startswith(TEXT + "\n")
    assert "outcome     complete\n" in uncoloured(shown)
    assert "chunks      5\n" in uncoloured(shown)
    assert "\x1b" not in on_a_terminal(url, text_file, out=None, NO_COLOR="1")


def uncoloured(shown: str) -> str:
    return re.sub(r"\x1b\[[\d;]*m", "", shown)


def on_a_terminal(url: str, source: Path, *, out: int | None, **settings: str) -> str:
    """The text on a terminal that has standard error, and standard output too unless ``out`` is given."""
    terminal, remote = pty.openpty()
    tty.setraw(remote)  # keep line ends unchanged
    shown = b""
    with streaming(url, source, out=remote if out is None else out, err=remote, **settings) as process:
        os.close(remote)
        while block := _read(terminal):
            shown += block
        process.wait()
    os.close(terminal)
    return shown.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # Linux: the other side is closed
        return b""

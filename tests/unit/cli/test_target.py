"""The deployment that a client command uses without --url, and its token."""

from pathlib import Path

import pytest

from service.cli.target import resolve, resolve_token


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory without .env, and neither variable in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PORT", raising=False)
    monkeypatch.delenv("STREAM_TOKEN", raising=False)
    return tmp_path


def test_the_default_is_this_machine_on_port_8000() -> None:
    assert str(resolve(None)) == "http://127.0.0.1:8000"


def test_port_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "9000")
    assert str(resolve(None)) == "http://127.0.0.1:9000"


def test_port_is_read_from_the_file(empty_folder: Path) -> None:
    (empty_folder / ".env").write_text("PORT=9001\n")
    assert str(resolve(None)) == "http://127.0.0.1:9001"


def test_the_environment_overrides_the_file(empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (empty_folder / ".env").write_text("PORT=9001\n")
    monkeypatch.setenv("PORT", "9000")
    assert str(resolve(None)) == "http://127.0.0.1:9000"


@pytest.mark.parametrize("port", ["", "0"])
def test_a_port_that_the_server_chooses_is_no_default(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    monkeypatch.setenv("PORT", port)
    assert str(resolve(None)) == "http://127.0.0.1:8000"


def test_a_url_overrides_the_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "9000")
    assert str(resolve("wss://example.com")) == "https://example.com:443"


def test_an_invalid_port_is_a_usage_error(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PORT", "abc")
    with pytest.raises(SystemExit) as stopped:
        resolve(None)
    assert stopped.value.code == 2
    assert "http://127.0.0.1:abc" in capsys.readouterr().err


def test_the_token_is_that_of_the_option_then_of_the_environment_then_of_the_file(
    empty_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert resolve_token(None) is None
    (empty_folder / ".env").write_text("STREAM_TOKEN=of-the-file\n")
    assert resolve_token("") == "of-the-file"
    monkeypatch.setenv("STREAM_TOKEN", "of-the-environment\n")
    assert resolve_token(None) == "of-the-environment"
    assert resolve_token("of-the-option") == "of-the-option"

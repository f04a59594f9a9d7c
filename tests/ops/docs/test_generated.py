"""Every committed file that is generated equals what its generator makes."""

from pathlib import Path

import pytest

from tools import generate
from tools.generate import GENERATORS, Generator, main


@pytest.mark.parametrize("name", GENERATORS)
def test_the_committed_files_are_those_that_the_generator_makes(name: str) -> None:
    assert [path for path, _ in GENERATORS[name].stale()] == [], "run: make generate"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a current, a stale, a missing and a superfluous file."""
    files = {"made/current": "1", "made/stale": "2", "made/missing": "3"}
    monkeypatch.setattr(generate, "PROJECT", tmp_path)
    monkeypatch.setattr(generate, "GENERATORS", {"files": Generator(lambda: files, ["made"])})
    (tmp_path / "made").mkdir()
    for name, text in {"current": "1", "stale": "old", "superfluous": ""}.items():
        (tmp_path / "made" / name).write_text(text)
    return tmp_path


def test_the_check_names_each_stale_file_and_writes_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 1
    printed = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in printed] == ["made/stale", "made/missing", "made/superfluous"]
    assert (project / "made/stale").read_text() == "old"


def test_without_the_check_the_files_are_written_and_the_check_then_passes(project: Path) -> None:
    assert main([]) == 0
    assert {file.name: file.read_text() for file in (project / "made").iterdir()} == {
        "current": "1",
        "stale": "2",
        "missing": "3",
    }
    assert main(["--check"]) == 0


def test_an_unknown_generator_is_an_error() -> None:
    with pytest.raises(SystemExit):
        main(["other"])

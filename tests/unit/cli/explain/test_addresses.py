"""Options, variables and defaults of the sources."""

from pathlib import Path

import pytest

from service.cli.explain.addresses import Addresses, addresses_of
from service.cli.explain.arguments import add_arguments, duration, moment
from service.cli.explain.sources.http_source import Server


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory without .env, and no variable that is read."""
    monkeypatch.chdir(tmp_path)
    for name in ("PORT", "METRICS_PORT", "METRICS_TOKEN", "EXPLAIN_LOKI", "EXPLAIN_PROMETHEUS"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def given(*arguments: str) -> Addresses:
    from argparse import ArgumentParser  # noqa: PLC0415

    parser = ArgumentParser()
    add_arguments(parser)
    return addresses_of(parser.parse_args(arguments))


def test_without_a_source_it_is_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    assert given().metrics == (Server("http://127.0.0.1:8000/metrics"),)
    monkeypatch.setenv("PORT", "9000")
    monkeypatch.setenv("METRICS_TOKEN", "secret")
    assert given().metrics == (Server("http://127.0.0.1:9000/metrics", "secret"),)
    monkeypatch.setenv("METRICS_PORT", "9100")
    assert given().metrics[0].url == "http://127.0.0.1:9100/metrics"


def test_addresses_and_tokens_are_read_from_the_environment_and_the_file(
    empty_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (empty_folder / ".env").write_text(
        "EXPLAIN_LOKI=http://loki:3100\nEXPLAIN_TENANT=team\nEXPLAIN_LOGS=a.jsonl b.gz\n"
    )
    monkeypatch.setenv("EXPLAIN_PROMETHEUS", "http://prometheus:9090")
    monkeypatch.setenv("EXPLAIN_PROMETHEUS_TOKEN", "secret")
    found = given()
    assert found.loki == Server("http://loki:3100", tenant="team")
    assert found.prometheus == Server("http://prometheus:9090", "secret")
    assert (found.logs, found.metrics) == (("a.jsonl", "b.gz"), ())


def test_an_option_overrides_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLAIN_LOKI", "http://loki:3100")
    found = given("--loki", "http://other:3100", "--logs", "a", "b", "--logs", "-")
    assert found.loki == Server("http://other:3100")
    assert found.logs == ("a", "b", "-")


def test_metrics_are_addresses_or_files() -> None:
    found = given("--metrics", "http://a/metrics", "before.txt", "after.txt")
    assert ([server.url for server in found.metrics], found.metrics_files) == (
        ["http://a/metrics"],
        ("before.txt", "after.txt"),
    )


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("30m", 1800), ("12h", 43_200), ("7d", 604_800)])
def test_a_duration(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "0m", "5", "-1h", "1w", "1.5h"])
def test_what_is_no_duration_is_a_usage_error(text: str) -> None:
    with pytest.raises(Exception, match="is not a duration"):
        duration(text)


def test_a_moment() -> None:
    assert moment("2026-09-21T14:13:20Z") == 1_790_000_000
    with pytest.raises(Exception, match="is not a time"):
        moment("soon")

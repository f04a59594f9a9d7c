"""The benchmarks measure what they say, at a size that takes seconds. No speed is asserted here."""

import msgspec
import pytest

from benchmarks.__main__ import main, run
from benchmarks.documents import document
from benchmarks.figures import Measure, Target
from benchmarks.measures import MEASURES, Scale
from benchmarks.report import Report, as_text
from benchmarks.servers import ServerFailed
from service.core.messages import ContentType

TINY = Scale(
    rounds=1,
    streams=(5,),
    settle_seconds=0.1,
    window_seconds=0.5,
    warm_connections=5,
    connections=20,
    starts=1,
    content_bytes=(2_000,),
    content_repeats=1,
)


def test_every_measure_yields_figures_for_all_it_compares() -> None:
    report = run(TINY)

    assert not report.failures
    measured = {measure.name: measure for measure in report.measures}
    assert list(measured) == ["cpu", "deviation_p50", "deviation_p99", "checks", "memory", "start", "content"]
    three = {"service", "bare FastAPI (a)", "floor (b)"}
    for name in ("cpu", "deviation_p50", "deviation_p99"):
        assert set(measured[name].figures["5 streams"]) == three
    assert set(measured["content"].figures) == {
        "2 KB text, re.findall",
        "2 KB html, nh3.clean",
        "2 KB markdown, cmarkgfm",
    }
    assert all(
        figure > 0
        for name in ("cpu", "deviation_p50", "start", "content")
        for subjects in measured[name].figures.values()
        for figures in subjects.values()
        for figure in figures
    )
    assert len(report.targets) == 4
    text = as_text(report)
    assert all(f"## {measure.title}" in text for measure in report.measures)
    assert all(target.title in text for target in report.targets)
    assert msgspec.json.decode(msgspec.json.encode(report), type=Report) == report


@pytest.mark.parametrize(("ours", "strict", "status"), [(8.0, True, 0), (10.0, False, 0), (10.0, True, 1)])
def test_only_strict_makes_a_missed_target_fail(
    ours: float, strict: bool, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    measure = Measure(
        "memory", "Memory", "KB", figures={"9 connections": {"service": [ours], "bare FastAPI (a)": [8.0]}}
    )
    monkeypatch.setitem(MEASURES, "memory", lambda *_: [measure])

    assert main(["--only", "memory", *(["--strict"] if strict else [])]) == status
    assert ("MISSED" in capsys.readouterr().out) == (ours > 8.0)


def test_a_measure_that_fails_is_told_and_spoils_no_other(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing(*_: object) -> list[Measure]:
        raise ServerFailed("the service did not start")

    measure = Measure("start", "Start", "ms", figures={"GET /": {"service": [2.0], "bare FastAPI (a)": [1.0]}})
    monkeypatch.setitem(MEASURES, "memory", failing)
    monkeypatch.setitem(MEASURES, "start", lambda *_: [measure])

    assert main(["--only", "memory", "--only", "start"]) == 2
    shown = capsys.readouterr()
    assert "## Start" in shown.out
    assert "memory could not be measured: the service did not start" in shown.err


def test_the_table_shows_median_extremes_and_ratio_of_medians() -> None:
    measure = Measure("cpu", "CPU", "µs")
    for ours, other in ((10.0, 20.0), (30.0, 50.0), (11.0, 21.0)):
        measure.add("9 streams", "service", ours)
        measure.add("9 streams", "other", other)

    text = as_text(Report({"cores": "2"}, [measure], [Target("cpu", 0.52, 0.9), Target("memory", 1.3, 1.2)]))

    assert "| 9 streams | 11.0 (10.0-30.0) | 21.0 (20.0-50.0) | 0.52    |" in text
    assert "| cpu    | 0.52   | at most 0.9 | met    |" in text
    assert "| memory | 1.30   | at most 1.2 | MISSED |" in text


@pytest.mark.parametrize("content_type", ContentType)
def test_documents_are_repeatable_and_nearly_as_large_as_asked(content_type: ContentType) -> None:
    large = document(content_type, 100_000)

    assert document(content_type, 100_000) == large
    assert 97_000 < len(large.encode()) <= 100_000
    assert large.startswith(document(content_type, 10_000))

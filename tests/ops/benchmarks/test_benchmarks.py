"""The benchmarks measure what they say, at a size that takes seconds. No speed is asserted here."""

import re
from collections.abc import Callable
from functools import partial

import msgspec
import pytest

from benchmarks.__main__ import main, run
from benchmarks.content_speed import prepared
from benchmarks.contents import HOSTILE, RICH
from benchmarks.documents import document, latin_text, styled_html
from benchmarks.figures import Measure, Target
from benchmarks.measures import MEASURES
from benchmarks.report import Report, as_text
from benchmarks.scale import Scale
from benchmarks.servers import ServerFailed
from service.protocol.messages import ContentType

TINY = Scale(
    rounds=1,
    telemetry_rounds=1,
    telemetry_chunks=20,
    telemetry_streams=5,
    scrapes=2,
    streams=(5,),
    settle_seconds=0.1,
    window_seconds=0.5,
    warm_connections=5,
    connections=20,
    starts=1,
    content_bytes=(2_000,),
    content_repeats=1,
    content_lag_rounds=1,
    store_rounds=1,
    store_streams=(5,),
    store_chunks=20,
    store_times=2,
    store_rest_seconds=0.1,
    document_bytes=(2_000,),
)


def test_every_measure_yields_figures_for_all_it_compares() -> None:
    report = run(TINY)

    assert not report.failures
    measured = {measure.name: measure for measure in report.measures}
    of_content = ["content", "content_markdown", "content_growth", "content_memory", "content_lag"]
    of_cache = ["cache_hit", "cache_packing"]
    of_servers = ["cpu", "deviation_p50", "deviation_p99", "checks", "memory", "start"]
    assert list(measured) == [*of_servers, *of_content, *of_cache]
    three = {"service", "bare FastAPI (a)", "floor (b)"}
    for name in ("cpu", "deviation_p50", "deviation_p99"):
        assert set(measured[name].figures["5 streams"]) == three
    assert set(measured["content"].figures) == {
        "2 KB Latin text by word, re.findall",
        r"2 KB Latin text by character, regex \X",
        "2 KB text in many scripts, re.findall",
        "2 KB HTML, fragment, nh3.clean",
        "2 KB HTML, incremental, nh3.clean",
        "2 KB styled HTML, fragment, nh3.clean",
        "2 KB styled HTML, incremental, nh3.clean",
    }
    assert set(measured["content_markdown"].figures) == {"2 KB Markdown"}
    assert set(measured["content_growth"].figures) == {*RICH, *HOSTILE}
    assert set(measured["content_memory"].figures) == {f"2 KB {name}" for name in (*RICH, *HOSTILE)}
    for name in of_cache:
        assert set(measured[name].figures) == {f"2 KB {kind}" for kind in RICH}
    assert all(
        figure > 0
        for name in ("cpu", "deviation_p50", "start", "content", "content_markdown", "content_growth", *of_cache)
        for subjects in measured[name].figures.values()
        for figures in subjects.values()
        for figure in figures
    )
    assert len(report.targets) == 4 + 12 + 2
    text = as_text(report)
    assert all(f"## {measure.title}" in text for measure in report.measures)
    assert all(target.title in text for target in report.targets)
    assert msgspec.json.decode(msgspec.json.encode(report), type=Report) == report


def test_telemetry_is_measured_as_a_whole_and_signal_by_signal() -> None:
    report = run(TINY, ["telemetry"])

    assert not report.failures
    measured = {measure.name: measure for measure in report.measures}
    off, some, all_ = "off", "on, 10 % of traces", "on, all traces"
    for name in ("telemetry_cpu", "telemetry_p50", "telemetry_p99"):
        assert set(measured[name].figures["5 streams"]) == {off, some, all_}
    checks = measured["telemetry_checks"]
    assert checks.median("5 streams: log lines", off) == 0
    assert checks.median("5 streams: log lines", some) >= 5 * len(["opened", "admitted", "started", "ended"])
    assert checks.median("5 streams: lost of logs and spans", all_) == 0
    cpu = measured["telemetry_cpu"].figures["5 streams"]
    assert measured["telemetry_ratio"].figures["5 streams"][all_] == [cpu[all_][0] / cpu[off][0]]
    assert list(measured["telemetry_signals"].figures) == ["metrics", "logs", "traces", "traces, not sampled", "Sentry"]
    assert measured["telemetry_scrape"].median("question to answer", "service") > 0
    assert [target.limit for target in report.targets] == [1.05, 1, 1.15, 1, 10]


def test_stores_are_compared_with_nothing_kept() -> None:
    report = run(TINY, ["stores"])

    assert not report.failures
    measured = {measure.name: measure for measure in report.measures}
    case, none = "5 streams of 2 KB", "nothing kept"
    for name in ("stores_cpu", "stores_whole", "stores_start_p50", "stores_start_p99"):
        assert set(measured[name].figures[case]) == {none, "SQLite", "Redis"}
        assert all(figure > 0 for (figure,) in measured[name].figures[case].values())
    assert measured["stores_whole"].median(case, none) > 19 * 0.03
    cpu = measured["stores_cpu"].figures[case]
    for store in ("SQLite", "Redis"):
        assert measured["stores_ratio"].figures[f"{case}, CPU"][store] == [pytest.approx(cpu[store][0] / cpu[none][0])]
        p50 = measured["stores_start_p50"]
        added_ms = measured["stores_added"].median(f"{case}, 50 %", store)
        assert added_ms == pytest.approx(p50.median(case, store) - p50.median(case, none))


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


@pytest.mark.parametrize(
    "write", [latin_text, styled_html, *(partial(document, content_type) for content_type in ContentType)]
)
def test_documents_are_repeatable_and_nearly_as_large_as_asked(write: Callable[[int], str]) -> None:
    large = write(100_000)

    assert write(100_000) == large
    assert 97_000 < len(large.encode()) <= 100_000
    assert large.startswith(write(10_000))


def test_hardly_two_styles_are_alike() -> None:
    styles = re.findall('style="([^"]+)"', styled_html(100_000))

    assert len(set(styles)) > 0.99 * len(styles) > 500


@pytest.mark.parametrize("name", [*RICH, *HOSTILE])
def test_contents_are_prepared_and_nearly_as_large_as_asked(name: str) -> None:
    request = {**RICH, **HOSTILE}[name](10_000)

    assert 9_000 < len(request.content.encode()) <= 10_001
    assert prepared(request).chunks

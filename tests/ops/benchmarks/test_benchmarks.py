"""The benchmarks measure what their tables state, at a size that takes seconds. No speed is asserted here."""

import re
from collections.abc import Callable
from functools import partial

import msgspec
import pytest

from benchmarks import command
from benchmarks.content import prepare_content, prepare_or_refuse
from benchmarks.contents import HOSTILE, RICH
from benchmarks.documents import document, latin_text, styled_html
from benchmarks.measure import Goal, Measure, Report, Target
from benchmarks.processes import Failed
from benchmarks.scale import Scale
from benchmarks.servers import NOTHING_STORED
from service.protocol.messages import ContentType

TINY = Scale(
    rounds=1,
    streams=(5,),
    superfast_streams=(5, 10),
    fast_streams=(5,),
    settle_seconds=0.1,
    window_seconds=0.5,
    warm_connections=5,
    connections=20,
    starts=1,
    content_bytes=(2_000,),
    content_repeats=1,
    hostile_repeats=1,
    hostile_step=40,
    content_lag_rounds=1,
    telemetry_rounds=1,
    telemetry_chunks=20,
    scrapes=2,
    token_checks=2,
    token_streams=(5,),
    live_streams=(5,),
    live_window_seconds=0.5,
    live_knee_step=5,
    live_knee_most=10,
    live_burst_streams=2,
    live_growth_bytes=2_000,
    live_memory_streams=5,
    live_cancels=3,
    live_source_bytes=4_000,
    store_rounds=1,
    store_streams=(5,),
    store_chunks=20,
    store_repeats=2,
    store_rest_seconds=0.1,
    document_bytes=(2_000,),
    attackers=(2,),
    small_documents=3,
)
SERVERS = {"service", "bare FastAPI (a)", "floor (b)", "picows (c)", "Node ws (d)"}


def measure(*names: str) -> tuple[dict[str, Measure], list[Target]]:
    """Take these measures at the size above."""
    report = command.measure(TINY, names)
    assert not report.failures
    measures = {one.name: one for one in report.measures}
    assert all(f"## {one.title}" in str(report) for one in report.measures)
    assert all(target.title in str(report) for target in report.targets)
    assert msgspec.json.decode(msgspec.json.encode(report), type=Report) == report
    return measures, report.targets


def assert_positive(*measures: Measure) -> None:
    for one in measures:
        for by_subject in one.figures.values():
            assert all(figure > 0 for figures in by_subject.values() for figure in figures), one.name


def test_service_is_compared_with_a_bare_fastapi_the_floor_and_its_peers() -> None:
    measures, targets = measure("streams", "memory", "start")

    assert list(measures) == ["cpu", "deviation_p50", "deviation_p99", "checks", "memory", "start"]
    for name in ("cpu", "deviation_p50", "deviation_p99"):
        assert set(measures[name].figures["5 streams"]) == SERVERS
    assert_positive(measures["cpu"], measures["deviation_p50"], measures["start"])
    assert [target.limit for target in targets] == [0.35, 1.4, 20, 1.2, 14]
    messages = measures["checks"].figures["5 streams: message, bytes"]
    assert len({figures[0] for figures in messages.values()}) == 1, "all servers send the same"


def test_few_streams_are_compared_with_many() -> None:
    measures, targets = measure("growth")

    cases = ["5 superfast streams", "10 superfast streams", "5 fast streams"]
    for name in ("growth_cpu", "growth_deviation_p50", "growth_deviation_p99"):
        assert list(measures[name].figures) == cases
        assert all(set(by_subject) == {"service", "floor (b)"} for by_subject in measures[name].figures.values())
    cpu = measures["growth_cpu"]
    case = "10 superfast streams / 5 superfast streams"
    assert measures["growth_slope"].median(case) == cpu.median(cases[1]) / cpu.median(cases[0])
    assert [target.limit for target in targets] == [20, 20, 20, 1.1]


def test_content_work_and_cache_are_measured_for_every_kind_of_content() -> None:
    measures, targets = measure("content", "cache")
    hostile = [*HOSTILE][:: TINY.hostile_step]

    of_content = ["content", "content_markdown", "content_growth_rich", "content_growth_hostile"]
    of_content += ["content_memory", "content_lag"]
    assert list(measures) == [*of_content, "cache_hit", "cache_packing"]
    assert set(measures["content"].figures) == {
        "2 KB Latin text by word / re.findall",
        r"2 KB Latin text by character / regex \X",
        "2 KB text in many scripts / re.findall",
        "2 KB HTML, fragment / nh3.clean",
        "2 KB HTML, incremental / nh3.clean",
        "2 KB styled HTML, fragment / nh3.clean",
        "2 KB styled HTML, incremental / nh3.clean",
    }
    assert set(measures["content_markdown"].figures) == {"2 KB Markdown"}
    assert set(measures["content_growth_rich"].figures) == {*RICH}
    assert set(measures["content_growth_hostile"].figures) == {*hostile}
    assert set(measures["content_memory"].figures) == {f"2 KB {name}" for name in (*RICH, *hostile)}
    for name in ("cache_hit", "cache_packing"):
        assert set(measures[name].figures) == {f"2 KB {kind}" for kind in RICH}
    assert_positive(*(measures[name] for name in measures if name not in {"content_memory", "content_lag"}))
    limits = [4, 2, 4, 6, 4, 6, 4, 2.2, 2.2, 250, 16, 60, 10, 30, 0.1, 0.2]
    assert [target.limit for target in targets] == limits


def test_the_check_of_a_token_is_measured_beside_its_signature_alone() -> None:
    measures, targets = measure("tokens")

    cases = {"API key, cached", "JWT, HS256", "JWT, RS256", "JWT, ES256", "JWT, Ed25519"}
    assert set(measures["tokens"].figures) == cases
    assert all(set(by_subject) == {"service", "signature alone"} for by_subject in measures["tokens"].figures.values())
    assert_positive(measures["tokens"])
    assert [target.limit for target in targets] == [0.1, 0.1]


def test_a_chunk_is_measured_with_a_token_and_without_authentication() -> None:
    measures, targets = measure("token_streams")
    assert set(measures["token_cpu"].figures["5 streams"]) == {"with a token", "without authentication"}
    assert_positive(measures["token_cpu"])
    assert [target.limit for target in targets] == [1.02]


def test_the_stores_of_live_streams_are_measured_alone() -> None:
    measures, _ = measure("live_store")
    assert {name: set(one.figures) for name, one in measures.items()} == {
        "live_store_cpu": {"SQLite", "Redis"},
        "live_store_commit": {"SQLite, p50", "SQLite, p99", "Redis, p50", "Redis, p99"},
        "live_store_written": {"SQLite", "Redis"},
        "live_store_read": {"SQLite, 0.004 MB", "Redis, 0.004 MB"},
    }
    assert_positive(*measures.values())


def test_live_streams_are_measured_beside_the_relay() -> None:
    measures, targets = measure("live")

    cases = ["5 streams, adaptive", "5 streams, at once"]
    for name in ("live_cpu", "live_delay_p50", "live_delay_p99"):
        assert list(measures[name].figures) == cases
        assert all(set(by_subject) == {"service", "relay"} for by_subject in measures[name].figures.values())
    assert measures["live_knee"].median("one core for the server") in {0, 5, 10}
    assert set(measures["live_gaps"].figures) == {"p50", "p99", "p99 / p50", "delay p99"}
    assert set(measures["live_growth"].figures) == {"2 KB of Markdown"}
    assert_positive(*(measures[name] for name in ("live_cpu", "live_delay_p50", "live_growth", "live_cancel")))
    assert [target.limit for target in targets] == [80, 80, 15, 250, 2, 1.3, 20, 100]


def test_telemetry_is_measured_against_the_service_without_it() -> None:
    measures, targets = measure("telemetry")

    off, some, all_ = "off", "on, 10 % of traces", "on, all traces"
    over_otlp = "on, 10 % of traces, metrics and logs over OTLP"
    for name in ("telemetry_cpu", "telemetry_deviation_p50", "telemetry_deviation_p99"):
        assert set(measures[name].figures["5 streams"]) == {off, some, all_, over_otlp}
    checks = measures["telemetry_checks"]
    assert checks.median("5 streams: log lines", off) == 0
    assert checks.median("5 streams: log lines", some) >= 5 * len(["opened", "admitted", "started", "ended"])
    assert checks.median("5 streams: lost log lines and spans", all_) == 0
    assert checks.median("5 streams: lost log lines and spans", over_otlp) == 0
    assert measures["telemetry_scrape"].median("request to response") > 0
    assert all(measures["telemetry_workers"].median(case) > 0 for case in measures["telemetry_workers"].figures)
    assert [target.limit for target in targets] == [1.05, 1, 1.15, 1, 10, 100]


def test_stores_are_compared_with_nothing_stored() -> None:
    measures, _ = measure("stores")

    case = "5 streams of 2 KB"
    taken = [measures[f"stores_{name}"] for name in ("cpu", "whole", "start_p50", "start_p99")]
    assert_positive(*taken)
    assert all(set(one.figures[case]) == {NOTHING_STORED, "SQLite", "Redis"} for one in taken)
    assert measures["stores_whole"].median(case, NOTHING_STORED) > 19 * 0.03
    assert measures["stores_checks"].median(f"{case}: CPU of Redis, ms", "Redis") > 0


def test_small_documents_are_measured_beside_attackers() -> None:
    measures, targets = measure("fairness")

    subjects = {"alone", "beside 100 KB", "beside 10 KB"}
    assert all(set(by_subject) == subjects for by_subject in measures["fairness"].figures.values())
    assert measures["fairness"].figures["small refused"] == {subject: [0] for subject in subjects}
    assert [target.limit for target in targets] == [500, 500, 0, 0]


@pytest.mark.parametrize(("figure", "strict", "status"), [(8.0, True, 0), (10.0, False, 0), (10.0, True, 1)])
def test_missed_target_is_an_error_only_with_strict(
    figure: float, strict: bool, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    taken = Measure("memory", "Memory", "KB", figures={"9": {"service": [figure], "bare FastAPI (a)": [8.0]}})
    monkeypatch.setitem(command.MEASURES, "memory", lambda _: [taken])

    assert command.main(["--only", "memory", *(["--strict"] if strict else [])]) == status
    assert ("MISSED" in capsys.readouterr().out) == (figure > 8.0)


def test_failed_measure_is_reported_and_does_not_affect_others(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: object) -> list[Measure]:
        raise Failed("the service did not start")

    taken = Measure("start", "Start", "ms", figures={"GET /": {"service": [2.0], "bare FastAPI (a)": [1.0]}})
    monkeypatch.setitem(command.MEASURES, "memory", fail)
    monkeypatch.setitem(command.MEASURES, "start", lambda _: [taken])

    assert command.main(["--only", "memory", "--only", "start"]) == 2
    shown = capsys.readouterr()
    assert "## Start" in shown.out
    assert "memory failed: the service did not start" in shown.err


def test_table_has_medians_extremes_and_ratios() -> None:
    by_median, by_round = Measure("cpu", "CPU", "µs"), Measure("paired", "Paired", "µs", baseline="service")
    for service, other in ((10.0, 20.0), (30.0, 50.0), (11.0, 21.0)):
        for one in (by_median, by_round):
            one.add("9 streams", "service", service)
            one.add("9 streams", "other", other)

    text = str(Report({"cores": "2"}, [by_median, by_round], [Target("cpu", 0.52, 0.9), Target("memory", 1.3, 1.2)]))

    assert "| µs        | service          | other            | service / other |" in text
    assert "| 9 streams | 11.0 (10.0-30.0) | 21.0 (20.0-50.0) | 0.52            |" in text
    assert "| 9 streams | 11.0 (10.0-30.0) | 21.0 (20.0-50.0) | 1.91            |" in text
    assert "| cpu    | 0.52   | at most 0.9 | met    |" in text
    assert "| memory | 1.30   | at most 1.2 | MISSED |" in text


@pytest.mark.parametrize(
    ("goal", "figures"),
    [
        (Goal("cpu", "{case}", 1), {"large": 4}),
        (Goal("cpu", "{case}", 1, "other"), {"large": 2}),
        (Goal("cpu", "{case}", 1, "other", "third", over="each"), {"small": 0.5, "large": 1.5}),
        (Goal("cpu", "{case}", 1, over="worst"), {"small": 9}),
        (Goal("cpu", "{case}", 1, over="each", only="sm.*"), {"small": 9}),
        (Goal("cpu", "{case}", 1, "other", paired=True), {"large": 2}),
        (Goal("start", "{case}", 1), {}),
    ],
)
def test_goal_selects_cases_and_computes_figures(goal: Goal, figures: dict[str, float]) -> None:
    taken = Measure("cpu", "CPU", "µs")
    for case, subjects in {"small": (9, 2, 8), "large": (4, 2, 1)}.items():
        for subject, figure in zip(("service", "other", "third"), subjects, strict=True):
            taken.add(case, subject, figure)

    assert {target.title: target.figure for target in goal.targets({"cpu": taken})} == figures


@pytest.mark.parametrize(
    "write", [latin_text, styled_html, *(partial(document, content_type) for content_type in ContentType)]
)
def test_documents_are_repeatable_and_nearly_of_the_requested_size(write: Callable[[int], str]) -> None:
    large = write(100_000)

    assert write(100_000) == large
    assert 97_000 < len(large.encode()) <= 100_000
    assert large.startswith(write(10_000))


def test_styles_are_nearly_all_different() -> None:
    styles = re.findall('style="([^"]+)"', styled_html(100_000))

    assert len(set(styles)) > 0.99 * len(styles) > 500


@pytest.mark.parametrize("name", RICH)
def test_rich_contents_can_be_prepared(name: str) -> None:
    assert prepare_content(RICH[name](10_000)).chunks


@pytest.mark.parametrize("name", [*RICH, *HOSTILE])
def test_contents_are_prepared_or_refused_and_nearly_of_the_requested_size(name: str) -> None:
    request = {**RICH, **HOSTILE}[name](10_000)

    assert 8_000 < len(request.content.encode()) <= 10_010
    plan = prepare_or_refuse(request)
    assert plan is None or plan.chunks

"""Each cause is found by its evidence, and named before what follows from it; a healthy service has none."""

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from service.cli.explain.causes.finding import Severity
from service.cli.explain.causes.table import CAUSES, causes_of, diagnose, runbook_of
from service.cli.explain.evidence import Alert, Evidence, LogLine, Series
from tests.unit.cli.explain import given
from tests.unit.cli.explain.causes import client_cases, live_cases, service_cases
from tests.unit.cli.explain.causes.case import Case
from tests.unit.cli.explain.given import alert, counter, evidence, gauge, healthy, healthy_lines, line

CASES = [*service_cases.CASES, *client_cases.CASES, *live_cases.CASES]


def replaced(series: list[Series]) -> list[Series]:
    """The series of a healthy service, with those of a case in the place of its own."""
    keys = {(one.name, tuple(sorted(one.labels.items()))) for one in series}
    names = {one.name.removesuffix("_bucket").removesuffix("_sum").removesuffix("_count") for one in series}
    bounded = {name for name in names if any(one.name == f"{name}_bucket" for one in series)}
    return [
        *(
            one
            for one in healthy()
            if (one.name, tuple(sorted(one.labels.items()))) not in keys
            and not any(one.name.startswith(f"{name}_") for name in bounded)
        ),
        *series,
    ]


def of(case: Case) -> Evidence:
    """The case in a service that is healthy otherwise."""
    series = [*case.series] if case.alone else replaced([*case.series])
    return evidence(series, [*([] if case.alone else healthy_lines()), *case.lines], jobs=case.jobs)


@pytest.mark.parametrize("case", [pytest.param(case, id=f"{case.cause}: {case.name}") for case in CASES])
def test_a_cause_is_found_by_its_evidence(case: Case) -> None:
    diagnosis = diagnose(of(case))
    named = [finding.cause for finding in (*diagnosis.causes, *diagnosis.notes, *diagnosis.earlier)]
    assert named[0] == case.cause, [finding.what for finding in diagnosis.causes]
    assert set(named) <= {case.cause, *case.also}
    found = next(finding for finding in (*diagnosis.causes, *diagnosis.notes, *diagnosis.earlier))
    for part in case.parts:
        assert part in " ".join((found.what, found.touches, found.remedy, *found.facts)), found
    assert (found.since is None) == (not case.dated)


def test_every_cause_has_a_case() -> None:
    assert {case.cause for case in CASES} == {cause.key for cause in CAUSES}


def test_a_healthy_service_has_no_cause() -> None:
    diagnosis = diagnose(evidence(healthy(), healthy_lines()))
    assert [finding.what for finding in (*diagnosis.causes, *diagnosis.consequences)] == []


def test_a_service_that_exports_its_metrics_is_no_wrong_job() -> None:
    exported = [*(one for one in healthy() if one.name != "up"), gauge("up", 1, job="prometheus")]
    assert diagnose(evidence(exported, jobs=["streaming-content-api"])).causes == ()


def test_without_evidence_there_is_no_cause() -> None:
    diagnosis = diagnose(evidence())
    assert (diagnosis.causes, diagnosis.consequences, diagnosis.notes, diagnosis.earlier) == ((), (), (), ())


def test_causes_do_not_explain_one_another_in_a_circle() -> None:
    explains = {cause.key: cause.explains for cause in CAUSES}

    def reached(key: str, seen: tuple[str, ...]) -> None:
        assert key not in seen, seen
        for consequence in explains[key]:
            reached(consequence, (*seen, key))

    for cause in CAUSES:
        reached(cause.key, ())


def test_the_root_is_named_before_what_follows_from_it() -> None:
    slow = next(case for case in CASES if case.cause == "session_store_slow")
    late = next(case for case in CASES if case.cause == "slow_responses")
    diagnosis = diagnose(evidence(replaced([*slow.series, *late.series]), healthy_lines()))
    assert [finding.cause for finding in diagnosis.causes] == ["session_store_slow"]
    assert [(finding.cause, finding.follows) for finding in diagnosis.consequences] == [
        ("slow_responses", "session_store_slow")
    ]


def test_two_causes_are_both_named() -> None:
    down = next(case for case in CASES if case.cause == "database_down")
    client = next(case for case in CASES if case.cause == "one_client")
    diagnosis = diagnose(
        evidence(replaced([*down.series, *client.series]), [*healthy_lines(), *down.lines, *client.lines])
    )
    assert {finding.cause for finding in diagnosis.causes} == {"database_down", "one_client"}


def test_a_slow_store_is_named_beside_stalls_only_if_most_of_its_calls_are_slow() -> None:
    stalls = [counter("stream_event_loop_stall_seconds_total", 15)]
    some = given.histogram(
        "stream_dependency_call_seconds", {0.001: 90, 0.5: 10}, dependency="session_store", operation="admit"
    )
    most = given.histogram(
        "stream_dependency_call_seconds", {0.001: 10, 0.5: 90}, dependency="session_store", operation="admit"
    )
    assert [one.cause for one in diagnose(evidence([*stalls, *some])).causes] == ["loop_stalls"]
    assert [one.cause for one in diagnose(evidence([*stalls, *most])).causes] == ["session_store_slow", "loop_stalls"]


def test_documents_are_not_heavy_that_waited_for_the_processor() -> None:
    heavy = ["heavy_documents"]
    for work, cpu, causes in (
        ({0.001: 90.0, 0.25: 10.0}, 2, heavy),  # most of the time of few documents
        ({0.25: 100.0}, 1, []),
        ({5.0: 100.0}, 40, heavy),  # much work, on a processor that others use as well
    ):
        worked = given.histogram("stream_request_phase_seconds", work, phase="work")
        used = counter("stream_content_cpu_seconds_total", cpu, content_worker="thread")
        assert [one.cause for one in diagnose(evidence([*worked, used])).causes] == causes


def test_an_alert_that_nothing_explains_is_a_cause_of_its_own() -> None:
    [found] = diagnose(evidence(healthy(), alerts=[alert("NewAlert", "critical")])).causes
    assert (found.what, found.severity, found.runbook) == (
        "NewAlert fires: NewAlert of the service.",
        Severity.CRITICAL,
        "some-file.md",
    )


@pytest.mark.parametrize(
    "quiet", [alert("Watchdog", "none"), alert("NewAlert", firing=False)], ids=["watchdog", "pending"]
)
def test_no_other_alert_is(quiet: Alert) -> None:
    assert diagnose(evidence(healthy(), alerts=[quiet])).causes == ()


def test_an_alertmanager_without_the_watchdog_is_a_cause() -> None:
    [found] = diagnose(evidence(healthy()), alertmanager=True).causes
    assert (found.cause, found.runbook) == ("no_watchdog", "watchdog.md")
    assert diagnose(evidence(healthy(), alerts=[alert("Watchdog", "none")]), alertmanager=True).causes == ()


def test_what_is_over_is_no_cause() -> None:
    outage = [
        line("dependency_unavailable", 900, "ERROR", dependency="session_store", reason="timeout"),
        line("dependency_recovered", 870, dependency="session_store"),
    ]
    series = [gauge("stream_dependency_up", 1, dependency="session_store")]
    diagnosis = diagnose(evidence(series, outage))
    assert diagnosis.causes == ()
    assert [(finding.cause, finding.since) for finding in diagnosis.earlier] == [
        ("session_store_down", given.END - 900)
    ]


@for_all(st.permutations([*healthy_lines(), *(line for case in CASES for line in case.lines[:3])]))
def test_the_order_of_lines_does_not_matter(shuffled: list[LogLine]) -> None:
    assert diagnose(evidence(lines=shuffled)) == diagnose(evidence(lines=sorted(shuffled, key=lambda one: one.at)))


@for_all(st.permutations([one for case in CASES for one in case.series][:200]))
def test_the_order_of_series_does_not_matter(shuffled: list[Series]) -> None:
    ordered = sorted(shuffled, key=lambda one: (one.name, sorted(one.labels.items())))
    assert diagnose(evidence(shuffled)) == diagnose(evidence(ordered))


def test_a_start_that_the_log_does_not_cover_is_no_crash() -> None:
    started = gauge("process_start_time_seconds", given.END - 100, before=given.END - 86_400, ago=90)
    for lines in ([], [line("service_started", 95)], [*healthy_lines(), line("drain_started", 110, connections=1)]):
        assert "restarting" not in {finding.cause for finding in diagnose(evidence([started], lines)).causes}


def test_causes_of_an_alert() -> None:
    assert causes_of("LongContentQueue") == ("heavy_documents", "content_queue")
    assert runbook_of("LongContentQueue") == "long-content-queue.md"


def test_connections_that_are_lost_at_different_ages_met_no_time_limit() -> None:
    ages = [line("connection_closed", 60, reason="abnormal", session_id=f"s-{age}", seconds=age) for age in range(30)]
    assert diagnose(evidence(healthy(), ages)).causes == ()

"""A report fits on one screen, whatever it contains, and states what was not reached."""

import json

from hypothesis import given as for_all
from hypothesis import strategies as st
from msgspec.structs import replace

from service.cli.explain.causes.finding import Finding, Severity
from service.cli.explain.causes.table import Diagnosis
from service.cli.explain.evidence import Period
from service.cli.explain.screen import HEIGHT, WIDTH, json_of, lines_of
from service.cli.explain.sources.gathering import Gathered
from service.cli.explain.subjects.report import Report, Status
from service.cli.explain.subjects.stream_story import Moment
from tests.unit.cli.explain.given import END, PERIOD, alert

SLOW = Finding(
    what="The session store is slow: p95 452 ms.",
    since=END - 600,
    touches="every handshake and request",
    facts=("metrics: p95 452 ms", "traces: the median admission takes 450 ms"),
    remedy="Look at the server of the store.",
    cause="session_store_slow",
    alerts=("SlowResponse",),
    runbook="slow-response.md",
)
LATE = Finding(what="First chunks are late.", cause="slow_responses", follows="session_store_slow")
REPORT = Report(
    question="What is wrong now?",
    answer=SLOW.what,
    status=Status.CAUSE,
    period=PERIOD,
    findings=(SLOW,),
    background=Diagnosis(causes=(SLOW,), consequences=(LATE,)),
    alerts=(alert("SlowResponse"), alert("HighTraffic", "info", firing=False)),
)
SOURCES = [
    Gathered(source="log a.jsonl", read="7 lines"),
    Gathered(source="Loki http://loki", failure="Connection refused"),
]
SCREEN = """\
What is wrong now?
2026-09-21 13:43:20 to 14:13:20 UTC

Answer      The session store is slow: p95 452 ms.

since       14:03:20 UTC (warning)
touches     every handshake and request
seen in     metrics: p95 452 ms
            traces: the median admission takes 450 ms
do          Look at the server of the store.
runbook     docs/runbooks/slow-response.md (SlowResponse)

follows     First chunks are late

alerts      SlowResponse

looked at   log a.jsonl: 7 lines
not reached Loki http://loki: Connection refused"""


def test_a_cause_on_one_screen() -> None:
    assert "\n".join(lines_of(REPORT, SOURCES)) == SCREEN


def test_times_of_another_day_have_their_date() -> None:
    yesterday = replace(SLOW, since=END - 86_400)
    period = Period.before(END, 7 * 86_400)
    lines = lines_of(replace(REPORT, period=period, findings=(yesterday,)), SOURCES)
    assert lines[1] == "2026-09-14 14:13:20 to 2026-09-21 14:13:20 UTC"
    assert "since       2026-09-20 14:13:20 UTC (warning)" in lines


def test_a_source_that_was_asked_twice_has_one_line() -> None:
    twice = [Gathered(source="Loki http://loki", read=f"{count} lines") for count in (3, 40)]
    assert lines_of(REPORT, twice)[-1] == "looked at   Loki http://loki: 3 lines, then 40 lines"
    assert lines_of(REPORT, [SOURCES[1], SOURCES[1]])[-1] == "not reached Loki http://loki: Connection refused"


def test_a_long_time_line_is_shortened_in_its_middle() -> None:
    moments = tuple(Moment(END + number, f"moment {number}") for number in range(100))
    lines = lines_of(Report(question="?", answer="!", status=Status.WELL, period=PERIOD, timeline=moments), SOURCES)
    assert HEIGHT - 2 <= len(lines) <= HEIGHT
    assert [line.split()[-1] for line in lines if "moment" in line][-1] == "99"
    assert any("more: --json" in line for line in lines)


_TEXTS = st.text(max_size=300)
_FINDINGS = st.lists(
    st.builds(
        Finding,
        what=_TEXTS,
        touches=_TEXTS,
        facts=st.lists(_TEXTS, max_size=8).map(tuple),
        remedy=_TEXTS,
        severity=st.sampled_from(Severity),
        since=st.none() | st.just(END),
    ),
    max_size=6,
).map(tuple)


@for_all(
    st.builds(
        Report,
        question=_TEXTS,
        answer=_TEXTS,
        status=st.just(Status.CAUSE),
        period=st.just(PERIOD),
        findings=_FINDINGS,
        background=st.builds(Diagnosis, causes=_FINDINGS, consequences=_FINDINGS, notes=_FINDINGS, earlier=_FINDINGS),
        timeline=st.lists(st.builds(Moment, at=st.just(END), what=_TEXTS), max_size=60).map(tuple),
        example=_TEXTS,
    )
)
def test_every_report_fits(report: Report) -> None:
    lines = lines_of(report, SOURCES * 4)
    assert len(lines) <= HEIGHT
    assert all(line.isprintable() for line in lines)
    assert max(map(len, lines)) <= WIDTH or any("\\" in line for line in lines if len(line) > WIDTH)
    json.loads(json_of(report, SOURCES))


def test_json_has_everything() -> None:
    found = json.loads(json_of(REPORT, SOURCES))
    assert found["findings"][0]["since"] == "2026-09-21T14:03:20+00:00"
    assert found["background"]["consequences"][0]["follows"] == "session_store_slow"
    assert found["sources"][1]["failure"] == "Connection refused"
    assert (found["status"], found["period"]["end"]) == ("cause found", "2026-09-21T14:13:20+00:00")

"""The answer to each kind of question."""

from collections import Counter
from collections.abc import Iterator

from msgspec.structs import replace

from service.cli.explain.causes.finding import Finding, Severity
from service.cli.explain.causes.symptoms import alert_firing
from service.cli.explain.causes.table import CAUSES, Diagnosis, causes_of, diagnose
from service.cli.explain.causes.wording import counted, kept, listed, load, seconds
from service.cli.explain.evidence import Evidence, LogLine
from service.cli.explain.subjects.identify import Kind, Subject, lines_of, streams_of
from service.cli.explain.subjects.report import Report, Status
from service.cli.explain.subjects.stream_answer import findings_of, sentence_of
from service.cli.explain.subjects.stream_story import Moment, StreamStory, story_of
from service.cli.explain.subjects.verdicts import CLOSES, CODES, Fault

ALERTS = frozenset(alert for cause in CAUSES for alert in cause.alerts) | {"Watchdog"}
"""The alerts that can be explained without one that fires."""

_MIN_FIRST_CHUNK = 0.1
_SHOWN_CHARACTERS = 8
"""Of the id of a stream: enough to ask about it, and the line has room for them."""


def answer_now(evidence: Evidence, *, alertmanager: bool = False) -> Report:
    """What is wrong now."""
    diagnosis = diagnose(evidence, alertmanager=alertmanager)
    causes = diagnosis.causes
    return Report(
        question="What is wrong now?",
        answer=causes[0].what if causes else _well(evidence),
        status=Status.CAUSE if causes else Status.WELL,
        period=evidence.period,
        findings=causes,
        background=diagnosis,
        state="" if causes else _state(evidence),
        example=_example(evidence) if causes else "",
        alerts=evidence.alerts,
    )


def answer_alert(name: str, evidence: Evidence, *, alertmanager: bool = False) -> Report:
    """Why an alert fires, or that it does not."""
    diagnosis = diagnose(evidence, alertmanager=alertmanager)
    own = [alert for alert in evidence.alerts if alert.name == name]
    firing = [alert for alert in own if alert.firing]
    keys = causes_of(name)
    present = (*diagnosis.causes, *diagnosis.consequences, *diagnosis.notes)
    related = [finding for finding in present if finding.cause in keys]
    roots = {finding.follows for finding in related if finding.follows}
    first = [finding for finding in diagnosis.causes if finding.cause in roots]
    findings = (*first, *(finding for finding in related if finding not in first))
    state = "fires" if firing else "is pending" if own else "does not fire, as far as was read"
    labels = (
        ", ".join(f"{key} {value}" for key, value in sorted(own[0].labels.items()) if key != "alertname") if own else ""
    )
    if name == "Watchdog" and firing:
        findings, firing = (), []
    return Report(
        question=f"Why does {name} fire?",
        answer=f"{name} {state}{f' ({labels})' if labels else ''}. "
        + (findings[0].what if findings else "No cause of it was found." if firing else "Nothing wrong found."),
        status=Status.CAUSE if findings or firing else Status.WELL,
        period=evidence.period,
        findings=findings or tuple(alert_firing(alert) for alert in firing[:1]),
        background=diagnosis,
        example=_example(evidence) if findings else "",
        alerts=tuple(own),
    )


def answer_subject(subject: Subject, evidence: Evidence) -> Report:
    """What happened to a stream, or to the streams of a trace, a session, a connection or a fault."""
    diagnosis = diagnose(evidence)
    stories = [story_of(stream, evidence) for stream in streams_of(subject, evidence)]
    if subject.kind is not Kind.SESSION and len(stories) == 1:
        return _one_stream(stories[0], evidence, diagnosis)
    lines = lines_of(subject, evidence)
    findings = list(_group_findings(lines, stories, diagnosis))
    outcomes = Counter(story.outcome or "without an end" for story in stories)
    errors = Counter(line.text("code") for line in lines if _is_error(line))
    opened = sum(line.event == "connection_opened" for line in lines)
    parts = kept(
        counted(opened, "connection") if opened else "",
        f"{counted(len(stories), 'stream')}{f': {listed(outcomes)}' if stories else ''}",
        f"errors: {listed(errors)}" if errors else "",
    )
    return Report(
        question=f"What happened to the {subject.kind} {subject.id}?",
        answer=f"{'; '.join(parts)}. " + (findings[0].what if findings else "Nothing wrong found."),
        status=Status.CAUSE if findings else Status.WELL,
        period=evidence.period,
        findings=tuple(findings),
        background=diagnosis,
        timeline=tuple(_group_moments(lines)),
        alerts=evidence.alerts,
    )


def _one_stream(story: StreamStory, evidence: Evidence, diagnosis: Diagnosis) -> Report:
    findings = findings_of(story, diagnosis)
    about = ", ".join(
        kept(
            story.content,
            f"session {story.session_id}" if story.session_id else "",
            f"trace {story.trace_id}" if story.trace_id else "",
        )
    )
    first = story.first_chunk_seconds
    timing = f" First chunk after {seconds(first)}." if first is not None and not findings else ""
    return Report(
        question=f"What happened to the stream {story.stream_id}? ({about})",
        answer=(findings[0].what if findings else f"{sentence_of(story)}{timing} Nothing wrong found.")
        if story.outcome or findings
        else sentence_of(story),
        status=Status.CAUSE if findings else Status.WELL,
        period=evidence.period,
        findings=tuple(findings),
        background=diagnosis,
        timeline=story.moments,
        alerts=evidence.alerts,
    )


def _group_findings(lines: list[LogLine], stories: list[StreamStory], diagnosis: Diagnosis) -> Iterator[Finding]:
    for story in stories:
        for finding in findings_of(story, diagnosis)[:1]:
            yield replace(finding, what=f"Stream {story.stream_id}: {finding.what}")
    refused = [line for line in lines if _is_error(line) and not line.text("stream_id")]
    for code, count in Counter(line.text("code") for line in refused).most_common():
        verdict = CODES.get(code)
        if verdict is not None and verdict.fault is not Fault.NOT:
            yield Finding(
                what=f"It received {counted(count, f'{code}', f'{code}')}: {verdict.what}.",
                touches=f"this client; it is {verdict.fault}",
                since=next(line.at for line in refused if line.text("code") == code),
                remedy=verdict.remedy,
                runbook=verdict.runbook,
                facts=(f"log: {counted(count, 'line')}",),
                cause=f"error_{code.lower()}",
            )
    closes = Counter(line.text("reason") for line in lines if line.event == "connection_closed")
    for reason, count in closes.items():
        close = CLOSES.get(reason)
        if close is not None and (close.fault is Fault.SERVICE or close.runbook):
            yield Finding(
                what=f"{counted(count, 'connection')} closed: {close.what} ({reason}).",
                touches=f"this client; it is {close.fault}",
                severity=Severity.CRITICAL if close.fault is Fault.SERVICE else Severity.WARNING,
                runbook=close.runbook,
                facts=("log: connection_closed",),
                cause=f"close_{reason}",
            )


def _group_moments(lines: list[LogLine]) -> Iterator[Moment]:
    """Connections, ends of streams and errors; repetitions of an error once."""
    before = ""
    for line in lines:
        what = line.message
        if line.event in ("connection_opened", "connection_closed", "stream_completed", "stream_ended", "fault_raised"):
            stream = line.text("stream_id")
            yield Moment(line.at, f"{what}{f', stream {stream[:_SHOWN_CHARACTERS]}' if stream else ''}")
        elif (_is_error(line) or line.level in ("WARNING", "ERROR")) and what != before:
            yield Moment(line.at, what)
        before = what


def _is_error(line: LogLine) -> bool:
    return bool(line.text("code")) and line.event not in (
        "connection_closed",
        "error_detail",
        "stream_completed",
        "stream_ended",
    )


def _well(evidence: Evidence) -> str:
    """That no cause was found, and what would show others."""
    absent = kept("no metrics" if not evidence.metrics.count else "", "no log lines" if not evidence.lines else "")
    but = f", but {' and '.join(absent)} were read" if absent else ""
    return f"Nothing wrong found: none of {len(CAUSES)} known causes{but}."


def _state(evidence: Evidence) -> str:
    """The load, and how requests end."""
    metrics = evidence.metrics
    first = metrics.quantile(0.95, "stream_time_to_first_chunk_seconds")
    outcomes = metrics.increases("stream_requests_total", "outcome", after=evidence.period.start)
    outcomes = outcomes or dict(
        Counter(line.text("outcome") for line in evidence.logged("stream_completed", "stream_ended"))
    )
    return "; ".join(
        kept(
            load(evidence) if metrics.count else "",
            f"requests: {listed(outcomes)}" if outcomes else "",
            f"first chunk p95 {seconds(first.seconds)}" if first else "",
        )
    )


def _example(evidence: Evidence) -> str:
    """The slowest stream of the recent time among the spans."""
    roots = [
        span
        for span in evidence.spans
        if span.name == "stream" and span.end >= evidence.period.recent and span.text("stream.id")
    ]
    stories = [story_of(stream, evidence) for stream in {span.text("stream.id") for span in roots}]
    late = [story for story in stories if (story.first_chunk_seconds or 0) > _MIN_FIRST_CHUNK]
    if not late:
        return ""
    worst = max(late, key=lambda story: (story.first_chunk_seconds or 0, story.stream_id))
    phases = ", ".join(f"{phase} {seconds(spent)}" for phase, spent in worst.phases.items() if spent)
    return f"stream {worst.stream_id}: first chunk after {seconds(worst.first_chunk_seconds or 0)}: {phases}"

"""Why a stream went as it did: its outcome, its slowest phase, and what was wrong with the service at that time."""

from collections.abc import Iterator
from itertools import chain

from service.cli.explain.causes.finding import Finding, Severity
from service.cli.explain.causes.table import Diagnosis
from service.cli.explain.causes.wording import kept, seconds
from service.cli.explain.subjects.stream_story import StreamStory
from service.cli.explain.subjects.verdicts import CLOSES, CODES, OUTCOMES, Fault, Verdict

_LATE_SECONDS = 0.5
_BLOCKED_SECONDS = 1.0
_PHASES = {
    "admission": "the answer of the session store",
    "queue": "earlier requests of its own connection",
    "content_wait": "the wait for a content worker",
    "work": "the preparation of its content",
    "store": "storing it before its announcement",
}
_STORE_CAUSES = ("worker_hung", "session_store_down", "session_store_slow", "loop_stalls", "processor_busy")
_WORK_CAUSES = ("worker_hung", "content_killed", "heavy_documents", "content_queue", "loop_stalls", "processor_busy")
_PHASE_CAUSES = {"admission": _STORE_CAUSES, "store": _STORE_CAUSES, "content_wait": _WORK_CAUSES, "work": _WORK_CAUSES}
"""The causes of the whole service that make a phase long."""
_OUTCOME_CAUSES = {
    "shutdown": ("deploy", "restarting"),
    "disconnected": ("worker_deaths", "worker_hung", "restarting", "deploy", "loop_stalls"),
    "slow_client": ("slow_readers",),
    "error": ("service_errors", "content_killed"),
}
_CODE_CAUSES = {
    "SERVER_BUSY": ("heavy_documents", "content_queue"),
    "PROCESSING_ERROR": ("content_killed", "service_errors"),
    "OVER_CAPACITY": ("seats_full",),
    "STREAM_ERROR": ("slow_readers",),
    "PRODUCER_FAILED": ("producers_lost", "live_store_lag"),
}


def findings_of(story: StreamStory, diagnosis: Diagnosis) -> list[Finding]:
    """What is wrong with the stream, the worst first; nothing for one that went well."""
    return [*_end(story, diagnosis), *_slowness(story, diagnosis), *_blocked(story)]


def sentence_of(story: StreamStory) -> str:
    """How it ended, in one sentence."""
    if not story.outcome:
        what = "has no end in what was read: it still runs, its process was killed, or lines are missing"
    else:
        verdict = OUTCOMES.get(story.outcome)
        what = verdict.what if verdict else f"ended as {story.outcome}"
    recovered = f", after {story.recovered} recoveries" if story.recovered > 1 else ", after a recovery"
    return f"The stream {what}{recovered if story.recovered else ''}."


def _end(story: StreamStory, diagnosis: Diagnosis) -> Iterator[Finding]:
    verdict = OUTCOMES.get(story.outcome)
    if story.worker_died and not story.outcome:
        because = _because(("worker_deaths",), diagnosis)
        yield _finding(story, "Its worker died while it ran.", Verdict("", Fault.SERVICE), because)
        return
    if verdict is None or verdict.fault is Fault.NOT:
        return
    code = CODES.get(story.code)
    close = CLOSES.get(story.close_reason) if story.outcome in ("disconnected", "slow_client") else None
    detail = code or close
    causes = _CODE_CAUSES.get(story.code, ()) + _OUTCOME_CAUSES.get(story.outcome, ())
    why = f": {detail.what}" if detail and detail.what else ""
    label = f" ({story.code or story.close_reason})" if detail else ""
    merged = Verdict(
        verdict.what,
        detail.fault if detail else verdict.fault,
        (detail and detail.remedy) or verdict.remedy,
        (detail and detail.runbook) or verdict.runbook,
    )
    yield _finding(story, f"It {verdict.what}{why}{label}.", merged, _because(causes, diagnosis))


def _slowness(story: StreamStory, diagnosis: Diagnosis) -> Iterator[Finding]:
    first = story.first_chunk_seconds
    phase = story.longest_phase
    total = max(first or 0.0, sum(story.phases.values()))
    if total <= _LATE_SECONDS:
        return
    spent = story.phases.get(phase, 0.0)
    of = f": {seconds(spent)} of it in {phase}, {_PHASES[phase]}" if phase else ""
    verdict = Verdict("", Fault.CLIENT if phase in ("queue", "work") else Fault.SERVICE, runbook="slow-response.md")
    yield _finding(
        story,
        f"Its first chunk came after {seconds(total)}{of}.",
        verdict,
        _because(_PHASE_CAUSES.get(phase, ()), diagnosis),
    )


def _blocked(story: StreamStory) -> Iterator[Finding]:
    if story.blocked_seconds > _BLOCKED_SECONDS:
        verdict = Verdict("", Fault.NETWORK)
        yield _finding(story, f"The client did not read for {seconds(story.blocked_seconds)}.", verdict, None)


def _finding(story: StreamStory, what: str, verdict: Verdict, because: Finding | None) -> Finding:
    phases = ", ".join(f"{phase} {seconds(spent)}" for phase, spent in story.phases.items() if spent)
    return Finding(
        what=what,
        severity=Severity.CRITICAL if verdict.fault is Fault.SERVICE else Severity.WARNING,
        since=because.since if because else None,
        touches=because.touches if because else f"this stream; it is {verdict.fault}",
        facts=kept(
            f"because: {because.what}" if because else "",
            *(because.facts if because else ()),
            f"log: error id {story.error_id}: {story.exception}" if story.error_id else "",
            f"{' and '.join(story.sources)}: {phases}" if phases else "",
        ),
        remedy=(because and because.remedy) or verdict.remedy,
        runbook=(because and because.runbook) or verdict.runbook,
        alerts=because.alerts if because else (),
        cause=because.cause if because else f"stream_{story.outcome or 'unknown'}",
    )


def _because(causes: tuple[str, ...], diagnosis: Diagnosis) -> Finding | None:
    """The first of these causes that was found at the time of the stream."""
    found = {finding.cause: finding for finding in _all(diagnosis)}
    return next((found[cause] for cause in causes if cause in found), None)


def _all(diagnosis: Diagnosis) -> Iterator[Finding]:
    return chain(diagnosis.earlier, diagnosis.notes, diagnosis.consequences, diagnosis.causes)

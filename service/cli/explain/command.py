"""The ``explain`` command: reads what is given, and prints the answer."""

import time
from argparse import Namespace
from collections.abc import Iterable, Sequence

from service.cli.exits import Exit
from service.cli.explain.addresses import Addresses, addresses_of
from service.cli.explain.evidence import Evidence, Period
from service.cli.explain.screen import json_of, lines_of
from service.cli.explain.sources.alertmanager_source import read_alertmanager
from service.cli.explain.sources.exposition_source import read_metrics_address, read_metrics_files
from service.cli.explain.sources.gathering import Gathered
from service.cli.explain.sources.log_files import read_logs, read_traces
from service.cli.explain.sources.loki_source import read_loki
from service.cli.explain.sources.prometheus_source import read_prometheus
from service.cli.explain.sources.tempo_source import read_tempo
from service.cli.explain.subjects.answer import ALERTS, answer_alert, answer_now, answer_subject
from service.cli.explain.subjects.identify import Subject, identify, streams_of
from service.cli.explain.subjects.identify import lines_of as lines_with
from service.cli.explain.subjects.report import Report, Status
from service.cli.explain.subjects.stream_story import story_of

_NOW_SECONDS = 1800.0
_ID_SECONDS = 86_400.0
_PRESENT_SECONDS = 600.0
"""For a stream that ended within this time the present metrics of a process are evidence."""
_EXITS = {Status.WELL: Exit.DONE, Status.CAUSE: Exit.FAILED, Status.UNKNOWN: Exit.USAGE}


def explain(options: Namespace) -> Exit:
    """Print what is wrong with ``options.subject``, or now if it is ``None``."""
    addresses = addresses_of(options)
    now = time.time()
    files = [
        *read_logs(addresses.logs),
        *read_traces(addresses.traces),
        *read_metrics_files([*addresses.metrics_files]),
    ]
    subject: str | None = options.subject
    if subject is None or subject in ALERTS:
        report, gathered = _explain_now(subject, addresses, files, options, now)
    else:
        report, gathered = _explain_id(subject, addresses, files, options, now)
    print(json_of(report, gathered) if options.json else "\n".join(lines_of(report, gathered)))
    return _EXITS[report.status]


def _explain_now(
    alert: str | None, addresses: Addresses, files: list[Gathered], options: Namespace, now: float
) -> tuple[Report, list[Gathered]]:
    seconds = options.since or _NOW_SECONDS
    period = Period.before(options.at or now, seconds)
    gathered = [*files, *_servers(addresses, period, present=options.at is None or now - options.at < _PRESENT_SECONDS)]
    if options.at is None:
        period = Period.before(_end(gathered, now), seconds)
    evidence = _evidence(period, gathered)
    if not any(one.lines or one.series or one.spans or one.alerts for one in gathered):
        answer = "Nothing could be read: give --logs, --prometheus or another source that answers."
        return _nothing(f"Why does {alert} fire?" if alert else "What is wrong now?", answer, period), gathered
    watched = addresses.alertmanager is not None and not any(
        one.failure for one in gathered if one.source.startswith("Alertmanager")
    )
    if alert is None:
        return answer_now(evidence, alertmanager=watched), gathered
    return answer_alert(alert, evidence, alertmanager=watched), gathered


def _explain_id(
    text: str, addresses: Addresses, files: list[Gathered], options: Namespace, now: float
) -> tuple[Report, list[Gathered]]:
    searched = Period.before(options.at or now, options.since or _ID_SECONDS)
    gathered = [*files, *_searches(addresses, searched, (text,))]
    evidence = _evidence(searched, gathered)
    subjects = identify(text, evidence)
    if len(subjects) != 1:
        found = "; ".join(f"{subject.kind} {subject.id}" for subject in subjects)
        answer = f"Several ids begin with it: {found}." if subjects else _unknown(gathered)
        return _nothing(f"What happened to {text}?", answer, searched), gathered
    period = _period_of(subjects[0], evidence)
    connections = tuple({line.text("connection_id") for line in lines_with(subjects[0], evidence)} - {"", text})
    gathered += _searches(addresses, period, connections) if connections else []
    gathered += _servers(addresses, period, present=now - period.end < _PRESENT_SECONDS)
    return answer_subject(subjects[0], _evidence(period, gathered, alerts=False)), gathered


def _end(gathered: Iterable[Gathered], now: float) -> float:
    """When the evidence ends: with the last sample of what answers now, or with the newest that files have."""
    live = [one for one in gathered if one.live and not one.failure]
    if live:
        return max([now, *(series.points[-1][0] for one in live for series in one.series if series.points)])
    return max((one.newest for one in gathered if one.newest is not None), default=now)


def _servers(addresses: Addresses, period: Period, *, present: bool) -> list[Gathered]:
    """What the servers have of a period. ``present``: whether the period ends now."""
    found = []
    if addresses.prometheus is not None:
        found.append(read_prometheus(addresses.prometheus, period, addresses.job))
    if addresses.loki is not None:
        found.append(read_loki(addresses.loki, addresses.selector, period))
    if present:
        found += [read_metrics_address(server) for server in addresses.metrics]
        if addresses.alertmanager is not None:
            found.append(read_alertmanager(addresses.alertmanager))
    return found


def _searches(addresses: Addresses, period: Period, ids: tuple[str, ...]) -> list[Gathered]:
    found = []
    if addresses.loki is not None:
        found.append(read_loki(addresses.loki, addresses.selector, period, ids))
    if addresses.tempo is not None:
        found.append(read_tempo(addresses.tempo, period, ids))
    return found


def _evidence(period: Period, gathered: Iterable[Gathered], *, alerts: bool = True) -> Evidence:
    found = list(gathered)
    return Evidence.of(
        period,
        lines=(line for one in found for line in one.lines),
        series=(series for one in found for series in one.series),
        spans=(span for one in found for span in one.spans),
        alerts=(alert for one in found for alert in one.alerts if alerts),
        jobs=(job for one in found for job in one.jobs),
    )


def _period_of(subject: Subject, evidence: Evidence) -> Period:
    stories = [story_of(stream, evidence) for stream in streams_of(subject, evidence)]
    times = [line.at for line in lines_with(subject, evidence)]
    times += [time for story in stories for time in (story.start, story.end)]
    return Period.around(min(times), max(times), _NOW_SECONDS)


def _unknown(gathered: Sequence[Gathered]) -> str:
    if all(one.failure or one.source.startswith("metrics ") for one in gathered):
        return "Ids are in log lines and spans, and none could be read: give --logs, --loki, --traces or --tempo."
    return "No line and no span has this id, and no alert of the service has this name."


def _nothing(question: str, answer: str, period: Period) -> Report:
    return Report(question=question, answer=answer, status=Status.UNKNOWN, period=period)

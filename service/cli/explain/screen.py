"""A report on one screen, and as JSON."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from textwrap import wrap

import msgspec

from service.cli.explain.causes.finding import Finding
from service.cli.explain.evidence import Period
from service.cli.explain.sources.gathering import Gathered
from service.cli.explain.subjects.report import Report
from service.cli.explain.subjects.stream_story import Moment

WIDTH = 100
HEIGHT = 40
_LABEL = 11
_CAUSES = 3
_FEW = 3
_FULL_FACTS = 5
_MIN_TIMELINE = 5
_RUNBOOKS = "docs/runbooks/"


def lines_of(report: Report, sources: Sequence[Gathered]) -> list[str]:
    """At most ``HEIGHT`` lines of at most ``WIDTH`` columns. All times are UTC."""
    period, moments = report.period, report.timeline
    start, end = (moments[0].at, moments[-1].at) if moments else (period.start, period.end)
    head = [
        *_wrapped(report.question, WIDTH),
        f"{_dated(start)} to {_dated(end, start)} UTC",
        "",
        *_row("Answer", report.answer),
    ]
    body: list[str] = []
    for number, finding in enumerate(report.findings[:_CAUSES]):
        body += ["", *_cause(finding, period, full=number == 0, answered=finding.what == report.answer)]
    if more := len(report.findings) - _CAUSES:
        body += _row("", f"and {more} more: --json") if more > 0 else []
    if report.state:
        body += _row("state", report.state)
    if report.example:
        body += _row("example", report.example)
    body += _others(report)
    foot = ["", *_sources(sources)]
    room = HEIGHT - len(head) - len(foot)
    timeline = _timeline(report.timeline, max(room - len(body) - 2, _MIN_TIMELINE)) if report.timeline else []
    body = body[: room - len(timeline)]
    return [_printable(line) for line in [*head, *body, *timeline, *foot]][:HEIGHT]


def json_of(report: Report, sources: Sequence[Gathered]) -> str:
    """Everything. Times are those of RFC 3339."""
    found = msgspec.to_builtins(report)
    found["sources"] = [
        {"source": one.source, "read": one.read, **({"failure": one.failure} if one.failure else {})} for one in sources
    ]
    return json.dumps(_with_times(found), indent=2, ensure_ascii=False)


def _cause(finding: Finding, period: Period, *, full: bool, answered: bool) -> Iterator[str]:
    if not answered:
        yield from _row(str(finding.severity), finding.what)
    if finding.since is not None:
        before = "before " if finding.since <= period.start else ""
        yield from _row(
            "since", f"{before}{_dated(finding.since, period.end)} UTC" + (f" ({finding.severity})" if answered else "")
        )
    if finding.touches:
        yield from _row("touches", finding.touches)
    for number, fact in enumerate(finding.facts[: _FULL_FACTS if full else 1]):
        yield from _row("" if number else "seen in", fact)
    if finding.remedy and full:
        yield from _row("do", finding.remedy)
    if finding.runbook:
        alerts = f" ({', '.join(finding.alerts[:_FEW])})" if finding.alerts and full else ""
        yield from _row("runbook", f"{_RUNBOOKS}{finding.runbook}{alerts}")


def _others(report: Report) -> Iterator[str]:
    shown = {finding.what for finding in report.findings}
    background = report.background
    about_now = not report.timeline
    for label, findings in (
        ("also" if about_now else "service", background.causes),
        ("follows", background.consequences),
        ("note", background.notes),
        ("earlier", background.earlier),
    ):
        own = [finding for finding in findings if finding.what not in shown]
        if own:
            yield ""
        for number, finding in enumerate(own[:_FEW]):
            what, since = finding.what.rstrip("."), finding.since
            if since is not None:
                at = _dated(since, report.period.end)
                what = f"{at}: {what}" if label == "earlier" else f"{what} (since {at})"
            yield from _row("" if number else label, what)
        if len(own) > _FEW:
            yield from _row("", f"and {len(own) - _FEW} more")
    firing = [alert for alert in report.alerts if alert.firing and alert.labels.get("severity") != "none"]
    if firing:
        yield ""
        names = dict.fromkeys(f"{alert.name}{' (inhibited)' if alert.inhibited else ''}" for alert in firing)
        yield from _row("alerts", ", ".join(names))


def _timeline(moments: Sequence[Moment], room: int) -> list[str]:
    """The first and the last moments, as many as there is room for; each with the time since the first one."""
    lines: list[str] = []
    for moment in moments:
        text = f"{_exact(moment.at)} {_since(moment.at - moments[0].at):>10}  {moment.what}"
        lines.append(text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…")
    if len(lines) > room:
        first = room // 2
        last = room - first - 1
        lines = [*lines[:first], f"{'…':>12} {len(lines) - first - last} more: --json", *lines[-last:]]
    return ["", *lines]


def _sources(sources: Iterable[Gathered]) -> Iterator[str]:
    """A source once, also if it was asked several times."""
    read: dict[str, list[str]] = {}
    failed: dict[str, list[str]] = {}
    for one in sources:
        (failed if one.failure else read).setdefault(one.source, []).append(one.failure or one.read)
    for label, found in (("looked at", read), ("not reached", failed)):
        texts = [f"{source}: {', then '.join(dict.fromkeys(results))}" for source, results in found.items()]
        for number, text in enumerate(texts[:_FEW]):
            yield from _row("" if number else label, text)
        if len(texts) > _FEW:
            yield from _row("", f"and {len(texts) - _FEW} more")


def _row(label: str, text: str) -> list[str]:
    first, *others = _wrapped(text, WIDTH - _LABEL - 1) or [""]
    return [f"{label:<{_LABEL}} {first}".rstrip(), *(f"{'':<{_LABEL}} {line}" for line in others)]


def _wrapped(text: str, width: int) -> list[str]:
    return wrap(text, width, break_long_words=True, break_on_hyphens=False)


def _dated(at: float, near: float | None = None) -> str:
    """The time, with its date unless that is the one of ``near``."""
    time = datetime.fromtimestamp(at, UTC)
    same = near is not None and datetime.fromtimestamp(near, UTC).date() == time.date()
    return f"{time:%H:%M:%S}" if same else f"{time:%Y-%m-%d %H:%M:%S}"


def _exact(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%H:%M:%S.%f}"[:-3]


def _since(seconds: float) -> str:
    return f"+{seconds * 1000:.0f} ms" if seconds < 10 else f"+{seconds:.1f} s"  # noqa: PLR2004 - four digits


def _printable(line: str) -> str:
    """Messages of libraries and of damaged files may contain control sequences of a terminal."""
    return line if line.isprintable() else line.encode("unicode_escape").decode()


def _with_times(value: object, key: str = "") -> object:
    if isinstance(value, dict):
        return {name: _with_times(one, name) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_with_times(one) for one in value]
    if key in ("at", "since", "start", "end", "recent") and isinstance(value, float):
        return datetime.fromtimestamp(value, UTC).isoformat()
    return value

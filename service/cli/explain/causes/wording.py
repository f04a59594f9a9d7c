"""How figures, places and clients are written in findings."""

from collections import Counter
from collections.abc import Iterable, Mapping

from service.cli.explain.evidence import Evidence, LogLine

_KILO = 1000
_SHOWN = 3


def seconds(value: float) -> str:
    """A duration: 3.2 ms, 452 ms, 1.25 s, 4 min."""
    if value < 0.00995:  # noqa: PLR2004 - two digits are exact enough
        return f"{value * _KILO:.1f} ms"
    if value < 0.9995:  # noqa: PLR2004 - what is not rounded to a second
        return f"{value * _KILO:.0f} ms"
    if value < 60:  # noqa: PLR2004 - a minute
        return f"{value:.2f} s".replace(".00 s", " s")
    return f"{value / 60:.0f} min"


def share(part: float, whole: float) -> str:
    """A part in percent."""
    return f"{part / whole:.0%}".replace("%", " %") if whole else "0 %"


def number(value: float) -> str:
    """A count with separators."""
    return f"{value:,.0f}"


def counted(value: float, noun: str, plural: str = "") -> str:
    """A count with its noun: 1 request, 2 requests."""
    return f"{number(value)} {noun if round(value) == 1 else plural or noun + 's'}"


def listed(counts: Mapping[str, float]) -> str:
    """The largest of several counts: 12 INVALID_SPEED, 3 EMPTY_CONTENT."""
    largest = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    more = len(largest) - _SHOWN
    return ", ".join(f"{number(count)} {name}" for name, count in largest[:_SHOWN]) + (
        f" and {more} more kinds" if more > 0 else ""
    )


def places(affected: Iterable[Mapping[str, str]], everywhere: Iterable[Mapping[str, str]]) -> str:
    """Where something is, as the end of a sentence: on 10.0.0.1:8000, worker 1 (1 of 4 processes)."""
    here, all_ = {_place(labels) for labels in affected}, {_place(labels) for labels in everywhere}
    if len(all_) < 2:  # noqa: PLR2004 - with one process there is no other place
        return ""
    names = sorted(name for name in here if name)
    if not names or len(here) == len(all_):
        return f" on all {len(all_)} processes" if len(here) == len(all_) else ""
    shown = "; ".join(names[:_SHOWN]) + (" and others" if len(names) > _SHOWN else "")
    return f" on {shown} ({len(here)} of {len(all_)} processes)"


def sessions(lines: Iterable[LogLine]) -> Counter[str]:
    """The number of lines of each session."""
    return Counter(name for line in lines if (name := line.text("session_id")))


def exception(fault: LogLine) -> str:
    """The last line of the traceback, which has the type and a safe text."""
    lines = fault.text("exception").strip().splitlines()
    return lines[-1].strip() if lines else "no traceback"


def kept(*texts: str) -> tuple[str, ...]:
    """The texts that are not empty."""
    return tuple(text for text in texts if text)


def load(evidence: Evidence) -> str:
    """The connections and streams that are open now, if the metrics have them."""
    if not evidence.metrics.series("stream_connections_active"):
        return "its clients"
    connections = sum(sample.value for sample in evidence.metrics.present("stream_connections_active"))
    streams = sum(sample.value for sample in evidence.metrics.present("stream_active_streams"))
    return f"{counted(connections, 'open connection')}, {counted(streams, 'active stream')}"


def settings(evidence: Evidence) -> Mapping[str, str]:
    """The settings of the process that started last, if its line was read."""
    started = evidence.logged("service_started", after=0)
    found = started[-1].fields.get("settings") if started else None
    return {name: str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def _place(labels: Mapping[str, str]) -> str:
    worker = labels.get("worker", "")
    return ", ".join(part for part in (labels.get("instance", ""), f"worker {worker}" if worker else "") if part)

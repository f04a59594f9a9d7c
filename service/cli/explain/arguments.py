"""The options of the command; they are defined whenever the command line is read, so this imports nothing else."""

from argparse import ArgumentParser, ArgumentTypeError
from typing import Final

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def add_arguments(parser: ArgumentParser) -> None:
    """The options of the command."""
    sources = parser.add_argument_group("sources", "any of them; what cannot be reached is reported")
    sources.add_argument(
        "--logs",
        metavar="FILE",
        nargs="+",
        action="extend",
        help="JSON lines of the log, also gzip; - for standard input",
    )
    sources.add_argument("--loki", metavar="URL", help="the address of Loki")
    sources.add_argument("--loki-selector", metavar="LOGQL", help="the log streams in Loki (default: as in compose)")
    sources.add_argument("--prometheus", metavar="URL", help="the address of Prometheus")
    sources.add_argument("--job", metavar="NAME", help="only this job in Prometheus (default: all jobs)")
    sources.add_argument(
        "--metrics",
        metavar="URL|FILE",
        nargs="+",
        action="extend",
        help="/metrics of a process, sampled twice, or files of it (default if no source is given: this machine)",
    )
    sources.add_argument("--traces", metavar="FILE", nargs="+", action="extend", help="OTLP in JSON lines, also gzip")
    sources.add_argument("--tempo", metavar="URL", help="the address of Tempo")
    sources.add_argument("--alertmanager", metavar="URL", help="the address of Alertmanager")
    parser.add_argument(
        "--since",
        metavar="TIME",
        type=duration,
        help="look back this far: 90s, 30m, 12h, 7d (default: 30m; 24h for an id)",
    )
    parser.add_argument(
        "--at",
        metavar="TIME",
        type=moment,
        help="the end of the period: 2026-11-24T20:00:00Z (default: now; of files only, their last line)",
    )
    parser.add_argument("--json", action="store_true", help="print everything as JSON")


def duration(text: str) -> float:
    """Seconds. Raises ``ArgumentTypeError``."""
    number, unit = text[:-1], text[-1:]
    if unit not in _UNITS or not number.isdecimal() or not int(number):
        raise ArgumentTypeError(f"{text!r} is not a duration such as 90s, 30m, 12h or 7d")
    return int(number) * float(_UNITS[unit])


def moment(text: str) -> float:
    """Seconds of the epoch. Raises ``ArgumentTypeError``."""
    from service.cli.explain.evidence.log_lines import parse_time

    if (at := parse_time(text)) is None:
        raise ArgumentTypeError(f"{text!r} is not a time such as 2026-11-24T20:00:00Z")
    return at

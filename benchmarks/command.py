"""The command line: take the measures, print the tables, compare the figures with the targets."""

import argparse
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

import msgspec

from benchmarks import (
    browser,
    content,
    fairness,
    hostile_clients,
    live,
    live_storage,
    restart,
    servers,
    telemetry,
    token_checks,
    token_streams,
)
from benchmarks.goals import GOALS
from benchmarks.machine import describe, pick_cores, raise_open_files
from benchmarks.measure import Measure, Report
from benchmarks.processes import Failed
from benchmarks.rounds import Run
from benchmarks.scale import QUICK, Scale

MEASURES: Mapping[str, Callable[[Run], list[Measure]]] = {
    "streams": servers.streams,
    "growth": servers.growth,
    "memory": servers.memory,
    "start": servers.start,
    "content": content.content,
    "cache": content.cache,
    "tokens": token_checks.tokens,
    "token_streams": token_streams.token_streams,
    "live": live.live,
    "live_store": live_storage.live_store,
    "stores": servers.stores,
    "telemetry": telemetry.telemetry,
    "browser": browser.browser,
    "restart": restart.restart,
    "attacks": hostile_clients.attacks,
    "fairness": fairness.fairness,
}
"""By the name for ``--only``."""
USUAL = ("streams", "growth", "memory", "start", "content", "cache", "tokens", "token_streams")
"""The measures that are taken by default; the others take long or need a browser."""


def measure(scale: Scale, names: Collection[str] = USUAL) -> Report:
    """Take the measures one after the other. A failure does not affect the others; progress goes to standard error."""
    raise_open_files()
    cores = pick_cores()
    report = Report(describe(cores))
    run = Run(scale, cores, lambda text: print(text, file=sys.stderr))
    for name in MEASURES:
        if name in names:
            try:
                report.measures += MEASURES[name](run)
            except Failed as failure:
                report.failures[name] = str(failure)
    by_name = {one.name: one for one in report.measures}
    report.targets += [target for goal in GOALS for target in goal.targets(by_name)]
    return report


def main(arguments: Sequence[str]) -> int:
    """The exit status: 0; 1 if a target is missed under ``--strict``; 2 if a measure failed."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Speed as ratios; see benchmarks/README.md."
    )
    parser.add_argument("--quick", action="store_true", help="under a minute: fewer streams and rounds")
    parser.add_argument("--only", action="append", choices=MEASURES, help="take this measure; may be repeated")
    parser.add_argument("--rounds", type=_positive, metavar="N", help="rounds of which the median is taken")
    parser.add_argument(
        "--streams", type=_positive, action="append", metavar="N", help="concurrent streams; may be repeated"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every figure to this file")
    parser.add_argument("--strict", action="store_true", help="exit with 1 if a target is missed")
    options = parser.parse_args(arguments)
    changes: dict[str, object] = {}
    if options.rounds:
        changes |= dict.fromkeys(("rounds", "telemetry_rounds", "store_rounds"), options.rounds)
    if options.streams:
        changes["streams"] = tuple(options.streams)
    report = measure(msgspec.structs.replace(QUICK if options.quick else Scale(), **changes), options.only or USUAL)
    print(report)
    if options.json:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(report)))
    for name, failure in report.failures.items():
        print(f"{name} failed: {failure}", file=sys.stderr)
    if report.failures:
        return 2
    return 1 if options.strict and not all(target.met for target in report.targets) else 0


def _positive(text: str) -> int:
    if not text.isdecimal() or not (number := int(text)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return number

"""``python -m benchmarks``: measure, print the tables, say which targets are met."""

import argparse
import sys
from collections.abc import Collection, Sequence
from pathlib import Path

import msgspec

from benchmarks.machine import describe, pick_cores, raise_open_files
from benchmarks.measures import MEASURES, USUAL, targets
from benchmarks.report import Report, as_text
from benchmarks.scale import QUICK, Scale
from benchmarks.servers import ServerFailed
from benchmarks.worker import WorkerFailed


def run(scale: Scale, names: Collection[str] = USUAL) -> Report:
    """Measure, one thing after the other, telling on standard error how far it is. One that fails spoils no other."""
    raise_open_files()
    cores = pick_cores()
    report = Report(describe(cores))
    for name in MEASURES:
        if name in names:
            try:
                report.measures += MEASURES[name](scale, cores, lambda text: print(text, file=sys.stderr))
            except (ServerFailed, WorkerFailed) as error:
                report.failures[name] = str(error)
    report.targets += targets(report.measures)
    return report


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Speed as ratios; see benchmarks/README.md."
    )
    parser.add_argument("--quick", action="store_true", help="under a minute: fewer streams and rounds")
    parser.add_argument("--only", action="append", choices=MEASURES, help="measure this alone; may be repeated")
    parser.add_argument("--rounds", type=_positive, metavar="N", help="rounds of which the median is taken")
    parser.add_argument(
        "--streams", type=_positive, action="append", metavar="N", help="streams at once; may be repeated"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure there too")
    parser.add_argument("--strict", action="store_true", help="exit with 1 if a target is missed")
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or not (number := int(text)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return number


def main(arguments: Sequence[str]) -> int:
    """The exit status: 0; 1 if a target is missed under ``--strict``; 2 if something could not be measured."""
    options = _parser().parse_args(arguments)
    scale = QUICK if options.quick else Scale()
    if options.rounds:
        rounds = options.rounds
        scale = msgspec.structs.replace(scale, rounds=rounds, telemetry_rounds=rounds, store_rounds=rounds)
    if options.streams:
        scale = msgspec.structs.replace(scale, streams=tuple(options.streams))
    report = run(scale, options.only or USUAL)
    print(as_text(report))
    if options.json:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(report)))
    for name, failure in report.failures.items():
        print(f"{name} could not be measured: {failure}", file=sys.stderr)
    if report.failures:
        return 2
    return 1 if options.strict and not all(target.met for target in report.targets) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

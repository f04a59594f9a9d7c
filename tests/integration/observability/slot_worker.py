"""A worker in a process of its own: ``python -m tests.integration.observability.slot_worker DIRECTORY``.

It claims a slot, says which, and does what the lines of its standard input say: each is a command with an amount, and
gets one answer, a JSON text on one line.
"""

import json
import sys
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from observability.metrics.shared_values import NoRoomError
from observability.metrics.slots import claim_slot, merged_registry


class Numbers:
    """One metric of each type, and each of its label combinations."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self.requests = Counter("requests", "Counts.", ["outcome"], registry=registry)
        for outcome in ("good", "bad"):
            self.requests.labels(outcome)
        self.connections = Gauge("connections", "Goes up and down.", multiprocess_mode="livesum", registry=registry)
        self.reachable = Gauge("reachable", "Is 0 or 1.", multiprocess_mode="min", registry=registry)
        self.memory = Gauge("memory", "Is set.", multiprocess_mode="livemostrecent", registry=registry)
        self.seconds = Histogram("seconds", "Is spread.", buckets=(1, 5), registry=registry)


def obey(command: str, amount: float, numbers: Numbers, shown: CollectorRegistry) -> object:
    """Do as told; the answer."""
    match command:
        case "requests":
            numbers.requests.labels("good").inc(amount)
        case "connections":
            numbers.connections.inc(amount)
        case "reachable":
            numbers.reachable.set(amount)
        case "memory":
            numbers.memory.set(amount)
        case "seconds":
            numbers.seconds.observe(amount)
        case "for-ever":
            numbers.requests.labels("good").inc()
            numbers.connections.inc()
            numbers.seconds.observe(1)
        case "outcomes":
            return _new_outcomes(numbers, int(amount))
        case "scrape":
            return generate_latest(shown).decode()
        case _:
            raise ValueError(command)
    return None


def _new_outcomes(numbers: Numbers, amount: int) -> int:
    """So many series that were not known before: how many found room."""
    for number in range(amount):
        try:
            numbers.requests.labels(f"{number}: {'x' * 1000}").inc()
        except NoRoomError:
            return number
    return amount


def main(directory: Path) -> None:
    slot = claim_slot(directory)
    shown = merged_registry(directory)
    numbers = Numbers()
    _answer(slot)
    for line in sys.stdin:
        command, amount = line.split()
        _answer(obey(command, float(amount), numbers, shown))
        while command == "for-ever":
            obey(command, float(amount), numbers, shown)


def _answer(answer: object) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))

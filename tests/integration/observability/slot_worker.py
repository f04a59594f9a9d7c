"""A worker in a process of its own: ``python -m tests.integration.observability.slot_worker DIRECTORY``.

It claims a slot and writes its number. Each line of its standard input is a command with an amount; the result is one
line of JSON.
"""

import json
import sys
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from observability.metrics.shared_values import NoRoomError
from observability.metrics.slots import claim_slot, merged_registry


class Numbers:
    """One metric of each type with all its label combinations."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self.requests = Counter("requests", "Counts.", ["outcome"], registry=registry)
        for outcome in ("good", "bad"):
            self.requests.labels(outcome)
        self.connections = Gauge("connections", "Goes up and down.", multiprocess_mode="livesum", registry=registry)
        self.reachable = Gauge("reachable", "Is 0 or 1.", multiprocess_mode="min", registry=registry)
        self.memory = Gauge("memory", "Is set.", multiprocess_mode="livemostrecent", registry=registry)
        self.seconds = Histogram("seconds", "Is spread.", buckets=(1, 5), registry=registry)


def execute(command: str, amount: float, numbers: Numbers, shown: CollectorRegistry) -> object:
    """Execute a command and return its result."""
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
        case "endlessly":
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
    """Create this number of unknown series; return how many fit into the file."""
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
    _write_result(slot)
    for line in sys.stdin:
        command, amount = line.split()
        _write_result(execute(command, float(amount), numbers, shown))
        while command == "endlessly":
            execute(command, float(amount), numbers, shown)


def _write_result(result: object) -> None:
    sys.stdout.write(json.dumps(result) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))

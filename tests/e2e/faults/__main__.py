"""``python -m tests.e2e.faults [ROW …]``: run rows of the fault matrix in turn and print what an operator sees."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.e2e.faults.matrix import ROWS
from tests.e2e.faults.runner import run

_PATIENCE_SECONDS = 60
_PATIENCE_MINUTES = 12


def main(names: Sequence[str]) -> int:
    """Return 0 if every row is as the matrix has it, else 1."""
    wrong = 0
    for row in ROWS:
        if names and row.name not in names:
            continue
        began = time.monotonic()
        with TemporaryDirectory(prefix="streaming-faults-") as folder:
            outcome = run(row, Path(folder), max(_PATIENCE_SECONDS, _PATIENCE_MINUTES * row.minute))
        others = outcome.false(row)
        wrong += bool(others or outcome.missing)
        notified = ", ".join(f"{name} after {minutes:.1f} minutes" for name, minutes in outcome.notified.items())
        print(f"{row.name} ({time.monotonic() - began:.0f} s)")  # noqa: T201 - the output of the command
        for title, text in (
            ("notified", notified or "nothing"),
            ("not expected", ", ".join(sorted(others))),
            ("visible", ", ".join(f"{name} after {minutes:.1f} minutes" for name, minutes in outcome.visible.items())),
            ("explained by", ", ".join(outcome.explained)),
            ("not seen", ", ".join(outcome.missing)),
            *outcome.figures.items(),
            ("host busy for", f"{outcome.host_seconds:.2f} s"),
        ):
            if text:
                print(f"  {title}: {text}", flush=True)  # noqa: T201
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Observe the service on this machine: ``python -m tools.observe``. Ctrl-C stops everything."""

import argparse
import sys
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tools.observe.demo import Report

_PORT: Final = 8900
_INTERRUPTED: Final = 130
_PLAN: Final = """\
The demo: the service under a load, Alertmanager, Prometheus, and a page with previews of the dashboards.
The boards are complete after about half a minute. Ctrl-C stops everything.
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.observe", description=__doc__)
    parser.add_argument("--port", type=int, default=_PORT, help=f"of the page; {_PORT} by default, 0 for a free one")
    port: int = parser.parse_args().port
    print(_PLAN, flush=True)
    began = time.monotonic()

    def report(part: str, sentence: str) -> None:
        print(f"{time.monotonic() - began:5.1f} s  {part:<12}  {sentence}", flush=True)

    try:
        return _run(port, report)
    except KeyboardInterrupt:  # before the demo has its own handlers
        return _INTERRUPTED


def _run(port: int, report: "Report") -> int:
    # What the demo imports takes seconds to load on a busy machine: after the plan is printed.
    import asyncio  # noqa: PLC0415

    from benchmarks.processes import Failed  # noqa: PLC0415
    from tools.observe.demo import observe  # noqa: PLC0415

    try:
        asyncio.run(observe(port, report))
    except Failed as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

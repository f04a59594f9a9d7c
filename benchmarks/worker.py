"""Programs of the benchmarks that run as processes of their own, so that each has a core to itself."""

import os
import subprocess
import sys

import msgspec

from benchmarks.servers import CHECKOUT


class WorkerFailed(Exception):
    """The program could not do what it was asked; the text is its last word."""


def ask(module: str, task: msgspec.Struct, core: int) -> bytes:
    """Run ``python -m module`` on the core: the task as JSON goes in, the JSON that it writes comes out."""
    with subprocess.Popen(
        (sys.executable, "-m", module),
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        os.sched_setaffinity(process.pid, {core})  # before it has threads, which inherit it
        output, errors = process.communicate(msgspec.json.encode(task))
    if process.returncode:
        raise WorkerFailed(f"{module} failed:\n{errors.decode(errors='replace')[-2000:]}")
    return output

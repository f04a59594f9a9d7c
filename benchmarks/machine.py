"""The machine that the benchmarks run on: its cores, its limit of open files, its versions."""

import os
import platform
import resource
from importlib.metadata import version

from msgspec import Struct

_OPEN_FILES = 8192
"""One end of every connection, with room to spare."""
_PACKAGES = "uvicorn websockets httptools fastapi uvloop orjson msgspec picows nh3 pyromark icu4py regex"


class Cores(Struct, frozen=True):
    """Numbers of cores; some are equal on a machine with fewer than three."""

    server: int
    client: int
    back_end: int


def pick_cores() -> Cores:
    """The last cores, because most interrupts go to the first."""
    *_, back_end, client, server = [min(os.sched_getaffinity(0))] * 2 + sorted(os.sched_getaffinity(0))
    return Cores(server, client, back_end)


def raise_open_files() -> None:
    """Raise the soft limit for this process and its children."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def describe(cores: Cores) -> dict[str, str]:
    """What is needed to interpret absolute figures."""
    return {
        "cores": f"{os.cpu_count()}, server on {cores.server}, client on {cores.client}",
        "load average": f"{os.getloadavg()[0]:.2f} at the beginning",
        "kernel": platform.release(),
        "python": platform.python_version(),
    } | {package: version(package) for package in _PACKAGES.split()}

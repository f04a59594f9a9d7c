"""The machine that is measured on: its cores, its limit of open files, its versions."""

import os
import platform
import resource
from importlib.metadata import version

from msgspec import Struct

OPEN_FILES = 8192
"""Enough for one end of every connection, with room to spare."""

_PACKAGES = (
    "uvicorn",
    "websockets",
    "httptools",
    "fastapi",
    "uvloop",
    "orjson",
    "msgspec",
    "picows",
    "nh3",
    "cmarkgfm",
    "icu4py",
    "regex",
)


class Cores(Struct, frozen=True):
    """Numbers of cores of this process's; some are the same where there are not enough."""

    server: int
    client: int
    back_end: int
    """Of what the server talks to."""


def pick_cores() -> Cores:
    """The last ones: the first of a machine is the one that most interrupts go to."""
    *_, back_end, client, server = [min(os.sched_getaffinity(0))] * 2 + sorted(os.sched_getaffinity(0))
    return Cores(server, client, back_end)


def raise_open_files() -> None:
    """Lift the soft limit to what the benchmarks need, for this process and those that it starts."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def describe(cores: Cores) -> dict[str, str]:
    """What a reader needs to judge the absolute figures."""
    return {
        "cores": f"{os.cpu_count()}, server on {cores.server}, client on {cores.client}",
        "load average": f"{os.getloadavg()[0]:.2f} at the beginning",
        "kernel": platform.release(),
        "python": platform.python_version(),
    } | {package: version(package) for package in _PACKAGES}

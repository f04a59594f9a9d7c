"""The stages of preparation and their times."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from enum import StrEnum

from msgspec import Struct


class Stage(StrEnum):
    """The stages of preparation, in order."""

    WAIT = "wait"
    """For a content worker. A plan from a cache may need none, and one that is read and adjusted may need two."""
    CONVERT = "convert"
    SANITISE = "sanitise"
    ANALYSE = "analyse"
    CHUNK = "chunk"


class StageTime(Struct, frozen=True):
    """One stage that was run."""

    stage: Stage
    began_at: float
    """In monotonic seconds, which the processes of a machine share."""
    seconds: float


StageTimer = Callable[[Stage], AbstractContextManager[None]]
"""Wraps each stage, so that the core needs no clock."""

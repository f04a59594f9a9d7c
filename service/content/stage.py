"""The stages of content work, and how their times are told."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from enum import StrEnum

from msgspec import Struct


class Stage(StrEnum):
    """The stages of content work, in order."""

    CONVERT = "convert"
    SANITISE = "sanitise"
    ANALYSE = "analyse"
    CHUNK = "chunk"


class StageTime(Struct, frozen=True):
    """One stage that was run: when it began, counted from the beginning of the work, and how long it took."""

    stage: Stage
    began_seconds: float
    seconds: float


StageTimer = Callable[[Stage], AbstractContextManager[None]]
"""Wraps each stage, so that the core needs no clock."""

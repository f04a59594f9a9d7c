"""The stages of preparation and their times."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from enum import StrEnum

from msgspec import Struct


class Stage(StrEnum):
    """The stages of preparation, in order."""

    CONVERT = "convert"
    SANITISE = "sanitise"
    ANALYSE = "analyse"
    CHUNK = "chunk"


class StageTime(Struct, frozen=True):
    """One stage that was run: its start relative to the start of preparation, and its duration."""

    stage: Stage
    began_seconds: float
    seconds: float


StageTimer = Callable[[Stage], AbstractContextManager[None]]
"""Wraps each stage, so that the core needs no clock."""

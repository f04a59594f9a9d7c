"""Content: safe, converted, cut. ``prepare()`` is its only door."""

from service.core.content.plan import Plan, merged
from service.core.content.prepare import prepare
from service.core.content.stage import Stage, StageTime, StageTimer

__all__ = ["Plan", "Stage", "StageTime", "StageTimer", "merged", "prepare"]

"""Content: safe, converted, cut. ``prepare()`` is its only door."""

from service.core.content.plan import Plan, merged
from service.core.content.prepare import Stage, StageTimer, prepare

__all__ = ["Plan", "Stage", "StageTimer", "merged", "prepare"]

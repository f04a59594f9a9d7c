"""Content: safe, converted, cut by ``prepare()``; fitted into a session's time by ``coalesced()``."""

from service.core.content.coalesce import coalesced
from service.core.content.plan import Piece, Plan
from service.core.content.prepare import prepare
from service.core.content.removal import Removal
from service.core.content.stage import Stage, StageTime, StageTimer

__all__ = ["Piece", "Plan", "Removal", "Stage", "StageTime", "StageTimer", "coalesced", "prepare"]

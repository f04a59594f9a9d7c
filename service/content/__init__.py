"""Content: safe, converted, cut by ``prepare()``; fitted into a session's time by ``coalesced()``."""

from service.content.cached_plan import CachedPlan
from service.content.coalesce import coalesced, fits
from service.content.plan import Piece, Plan
from service.content.plan_codec import UnreadablePlan, packed, unpacked
from service.content.plan_key import CHUNKER_VERSION, plan_key
from service.content.prepare import prepare
from service.content.removal import Removal
from service.content.stage import Stage, StageTime, StageTimer

__all__ = [
    "CHUNKER_VERSION",
    "CachedPlan",
    "Piece",
    "Plan",
    "Removal",
    "Stage",
    "StageTime",
    "StageTimer",
    "UnreadablePlan",
    "coalesced",
    "fits",
    "packed",
    "plan_key",
    "prepare",
    "unpacked",
]

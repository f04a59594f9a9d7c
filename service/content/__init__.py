"""What the other packages need of content; ``prepare`` and ``coalesce``, which load the engine, are not here."""

from service.content.cached_plan import CachedPlan
from service.content.chunks import Chunks, CloseTexts
from service.content.html.removal import Removal
from service.content.plan import Piece, Plan
from service.content.plan_codec import UnreadablePlan, pack_plan, unpack_plan
from service.content.plan_key import CHUNKER_VERSION, plan_key
from service.content.rules import DEFAULT_RULES, ContentRules
from service.content.stage import Stage, StageTime, StageTimer

__all__ = [
    "CHUNKER_VERSION",
    "DEFAULT_RULES",
    "CachedPlan",
    "Chunks",
    "CloseTexts",
    "ContentRules",
    "Piece",
    "Plan",
    "Removal",
    "Stage",
    "StageTime",
    "StageTimer",
    "UnreadablePlan",
    "pack_plan",
    "plan_key",
    "unpack_plan",
]

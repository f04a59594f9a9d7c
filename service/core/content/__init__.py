"""Content: safe, converted, cut by ``prepare()``; fitted into a session's time by ``coalesced()``."""

from service.core.content.coalesce import coalesced, fits
from service.core.content.kept import KeptPlan
from service.core.content.packed import UnreadablePlan, packed, unpacked
from service.core.content.plan import Piece, Plan
from service.core.content.prepare import prepare
from service.core.content.removal import Removal
from service.core.content.stage import Stage, StageTime, StageTimer
from service.core.content.version import CHUNKER_VERSION, plan_key

__all__ = [
    "CHUNKER_VERSION",
    "KeptPlan",
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

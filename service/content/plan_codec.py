"""Plans as bytes, for stores."""

from itertools import accumulate
from operator import le
from typing import Annotated

import msgspec
from msgspec import Meta, MsgspecError, Struct

from service.content.chunks import Chunks, CloseTexts
from service.content.html.removal import Removal
from service.content.plan import Plan
from service.protocol.messages import GAP_SECONDS, Complexity, Speed

FORMAT = 2
"""Incremented whenever the fields below change."""

_Count = Annotated[int, Meta(ge=0)]


class UnreadablePlan(Exception):
    """The bytes were packed in an unknown format, or are not a packed plan."""


class _Packed(Struct, array_like=True, forbid_unknown_fields=True, tag=FORMAT):
    """The packed form: the text once, and one byte for nearly every length.

    It is not compressed, because compression would triple the time of packing.
    """

    text: str
    lengths: list[_Count]
    complexity: Complexity
    word_count: _Count
    has_html: bool
    speed: Speed
    max_chunk_characters: Annotated[int, Meta(ge=1)]
    removed: dict[Removal, _Count]
    end_tags: list[str] | None
    """With the next two fields, the close texts; see ``CloseTexts``."""
    parents: list[_Count]
    closed_by: list[_Count]


_DECODER = msgspec.msgpack.Decoder(_Packed)


def pack_plan(plan: Plan) -> bytes:
    """Return the plan as bytes, slightly more than its text in UTF-8. A ``failure`` is not packed."""
    return msgspec.msgpack.encode(
        _Packed(
            text=plan.chunks.text,
            lengths=[*plan.chunks.lengths],
            complexity=plan.complexity,
            word_count=plan.word_count,
            has_html=plan.has_html,
            speed=plan.speed,
            max_chunk_characters=plan.max_chunk_characters,
            removed=dict(plan.removed),
            end_tags=None if plan.closes is None else [*plan.closes.tags],
            parents=[] if plan.closes is None else plan.closes.parents.tolist(),
            closed_by=[] if plan.closes is None else plan.closes.indices.tolist(),
        )
    )


def unpack_plan(plan: bytes) -> Plan:
    """Return the plan that was packed. Raises ``UnreadablePlan`` for any other bytes. Memory is linear."""
    try:
        read = _DECODER.decode(plan)
    except (MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadablePlan("The bytes are not a plan of this format.") from error
    if not read.lengths or sum(read.lengths) != len(read.text) or read.speed not in GAP_SECONDS:
        raise UnreadablePlan("The parts of the plan are inconsistent.")
    return Plan(
        chunks=Chunks(read.text, accumulate(read.lengths)),
        complexity=read.complexity,
        word_count=read.word_count,
        has_html=read.has_html,
        speed=read.speed,
        max_chunk_characters=read.max_chunk_characters,
        removed=read.removed,
        closes=_closes(read),
    )


def _closes(read: _Packed) -> CloseTexts | None:
    tags, parents, closed_by = read.end_tags, read.parents, read.closed_by
    if tags is None and not parents and not closed_by:
        return None
    if not tags or tags[0] or len(parents) != len(tags) or any(map(le, range(1, len(tags)), parents[1:])) or parents[0]:
        raise UnreadablePlan("The parts of the plan are inconsistent.")
    if len(closed_by) != len(read.lengths) or max(closed_by) >= len(tags):
        raise UnreadablePlan("The parts of the plan are inconsistent.")
    return CloseTexts(tags, parents, closed_by)

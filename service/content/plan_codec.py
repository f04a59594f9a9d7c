"""Plans as bytes, for stores."""

from itertools import accumulate, pairwise
from typing import Annotated

import msgspec
from msgspec import Meta, MsgspecError, Struct

from service.content.plan import Plan
from service.content.removal import Removal
from service.protocol.messages import GAP_SECONDS, Complexity, Speed

FORMAT = 1
"""Raised whenever the fields below are not read as before."""

_Count = Annotated[int, Meta(ge=0)]


class UnreadablePlan(Exception):
    """It was packed by a version that this one does not know, or is not a packed plan."""


class _Packed(Struct, array_like=True, forbid_unknown_fields=True, tag=FORMAT):
    """What goes into the bytes. The text stands there once; nearly every length takes one byte beside it.

    It is not compressed: that would make packing take three times as long.
    """

    text: str
    lengths: list[_Count]
    complexity: Complexity
    word_count: _Count
    has_html: bool
    speed: Speed
    max_chunk_characters: Annotated[int, Meta(ge=1)]
    removed: dict[Removal, _Count]
    closes: list[str] | None
    """Those that differ, as few do."""
    closed_by: list[_Count]
    """Which of them it is after each chunk."""


_DECODER = msgspec.msgpack.Decoder(_Packed)


def packed(plan: Plan) -> bytes:
    """The plan in hardly more bytes than its text has in UTF-8. Not its ``failure``: such a plan is not kept."""
    closes = None if plan.closes is None else {close: at for at, close in enumerate(dict.fromkeys(plan.closes))}
    return msgspec.msgpack.encode(
        _Packed(
            text="".join(plan.chunks),
            lengths=list(map(len, plan.chunks)),
            complexity=plan.complexity,
            word_count=plan.word_count,
            has_html=plan.has_html,
            speed=plan.speed,
            max_chunk_characters=plan.max_chunk_characters,
            removed=dict(plan.removed),
            closes=None if closes is None else list(closes),
            closed_by=[] if closes is None else list(map(closes.__getitem__, plan.closes or ())),
        )
    )


def unpacked(plan: bytes) -> Plan:
    """The plan that was packed. Raises ``UnreadablePlan`` for any other bytes; takes memory in proportion to them."""
    try:
        read = _DECODER.decode(plan)
    except (MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadablePlan("Not a plan, or of another version.") from error
    if not read.lengths or sum(read.lengths) != len(read.text) or read.speed not in GAP_SECONDS:
        raise UnreadablePlan("Its parts contradict one another.")
    return Plan(
        chunks=[read.text[start:end] for start, end in pairwise([0, *accumulate(read.lengths)])],
        complexity=read.complexity,
        word_count=read.word_count,
        has_html=read.has_html,
        speed=read.speed,
        max_chunk_characters=read.max_chunk_characters,
        removed=read.removed,
        closes=_closes(read),
    )


def _closes(read: _Packed) -> list[str] | None:
    if read.closes is None and not read.closed_by:
        return None
    if read.closes is None or len(read.closed_by) != len(read.lengths) or max(read.closed_by) >= len(read.closes):
        raise UnreadablePlan("Its parts contradict one another.")
    return list(map(read.closes.__getitem__, read.closed_by))

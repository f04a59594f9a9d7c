"""Calls that are made at the same time: their results are those of some order of them."""

import asyncio
from collections.abc import Sequence
from copy import deepcopy
from itertools import permutations
from typing import NamedTuple

from hypothesis import strategies as st

from service.live.ports import AppendResult, LiveStore
from service.live.records import Append, LiveRecord, LiveStatus
from tests.contract.live.history import rounded
from tests.contract.live.model import Model

_MOST = 4
"""Calls at the same time, of which all orders are tried."""


class Call(NamedTuple):
    """An adoption, a cancellation, or appends near the end of the source."""

    operation: str
    pieces: Sequence[tuple[int, bytes, int, LiveStatus | None]]
    """Of appends: the offset from the end of the source, data, the epoch after that of the stream, and the end."""


Rounds = list[list[Call]]

_pieces = st.tuples(
    st.integers(-2, 2),
    st.text("ab", max_size=3).map(str.encode),
    st.sampled_from((0, 0, 0, 1)),
    st.sampled_from((None,) * 9 + (LiveStatus.COMPLETE,)),
)
_calls = st.builds(
    Call, st.sampled_from(("append",) * 6 + ("adopt", "cancel")), st.lists(_pieces, min_size=1, max_size=3)
)
rounds: st.SearchStrategy[Rounds] = st.lists(st.lists(_calls, min_size=2, max_size=_MOST), max_size=12)

_Result = list[AppendResult] | LiveRecord | None
_Made = list[Append] | str
"""The appends of a call, or another operation."""


async def play(stores: Sequence[LiveStore], record: LiveRecord, history: Rounds, now: int) -> None:
    """Make the calls of each round at the same time, each through another store."""
    model = Model(max_length=1000)
    await stores[0].create(record)
    model.create(now, record)
    for calls in history:
        made = [_made(call, model, record.stream_id, now) for call in calls]
        stream_id = record.stream_id
        results = await asyncio.gather(
            *(_call(stores[number % len(stores)], stream_id, one) for number, one in enumerate(made))
        )
        after = rounded(await stores[0].get(stream_id)), await stores[-1].read(stream_id, 0)
        for order in permutations(range(len(made))):
            ordered = deepcopy(model)
            expected = {number: _expected(ordered, stream_id, made[number], now) for number in order}
            same = all(expected[number] == result for number, result in enumerate(results))
            if same and after == (ordered.get(now, stream_id), ordered.read(now, stream_id, 0)):
                model = ordered
                break
        else:
            raise AssertionError(f"no order of {made} has the results {results} and leaves {after}")


def _made(call: Call, model: Model, stream_id: str, now: int) -> _Made:
    if call.operation != "append":
        return call.operation
    record, length = model.get(now, stream_id), len(model.read(now, stream_id, 0))
    epoch = 0 if record is None else record.epoch
    return [
        Append(stream_id, epoch + later, max(0, length + offset), data, ends)
        for offset, data, later, ends in call.pieces
    ]


async def _call(store: LiveStore, stream_id: str, made: _Made) -> _Result:
    if not isinstance(made, str):
        return list(await store.append(made))
    return rounded(await (store.adopt(stream_id) if made == "adopt" else store.cancel(stream_id)))


def _expected(model: Model, stream_id: str, made: _Made, now: int) -> _Result:
    if not isinstance(made, str):
        return model.append(now, made)
    return model.adopt(now, stream_id) if made == "adopt" else model.cancel(now, stream_id)

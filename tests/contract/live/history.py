"""Random histories of calls, each compared with the model."""

import random
from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

from hypothesis import strategies as st
from msgspec.structs import replace

from service.live.lease import LEASE_SECONDS, adoptable_seconds
from service.live.ports import LiveStore
from service.live.records import Append, LiveRecord, LiveStatus
from tests.contract.live.model import Model
from tests.contract.live.samples import RECORD, RESUME_TTL, SECOND

_LEASE, _KEPT, _ADOPTABLE = (
    round(seconds * SECOND) for seconds in (LEASE_SECONDS, RESUME_TTL, adoptable_seconds(RESUME_TTL))
)


class Piece(NamedTuple):
    """An append near the end of the source of a stream."""

    stream: int
    back: int
    """By which its offset is before the end; negative: a gap."""
    repeats: bool
    """Whether its first bytes are those that are there."""
    epochs: int
    """After that of the stream."""
    data: bytes
    ends: LiveStatus | None
    digest: bool | None
    """Whether it is right, if there is one."""


Steps = list[tuple[str, object]]
"""An operation and its argument."""

_streams = st.integers(0, 2)
_pieces = st.builds(
    Piece,
    stream=_streams,
    back=st.integers(-1, 5),
    repeats=st.sampled_from((True, True, True, False)),
    epochs=st.sampled_from((0, 0, 0, 0, -1, 1)),
    data=st.one_of(st.binary(max_size=5), st.binary(min_size=60, max_size=300)),
    ends=st.sampled_from((None,) * 12 + tuple(LiveStatus)[1:]),
    digest=st.sampled_from((None, None, None, False, True)),
)
_appends = st.tuples(st.just("append"), st.lists(_pieces, min_size=1, max_size=5))
_gaps = st.sampled_from((0, 1, SECOND, 4 * SECOND, _LEASE - 1, _LEASE, _KEPT - 1, _KEPT, _ADOPTABLE))
_steps = st.one_of(
    _appends,
    _appends,
    st.tuples(st.just("pass"), _gaps),
    st.tuples(st.sampled_from(("create", "adopt", "cancel", "expire")), _streams),
)
histories: st.SearchStrategy[Steps] = st.lists(_steps, max_size=40)


class History:
    """Three streams of a session, of which two have the same creation key; ``suffix`` makes them different ones."""

    def __init__(self, stores: Sequence[LiveStore], max_length: int, suffix: str, chance: random.Random) -> None:
        self._stores = stores
        self._model = Model(max_length)
        self._chance = chance
        self._records = [
            replace(RECORD, stream_id=f"{number}{suffix}", session_key=f"s{suffix}", creation_key=key)
            for number, key in enumerate((b"a", b"b", b"b"))
        ]
        self._ids = [record.stream_id for record in self._records]

    async def call(self, now: int, operation: str, argument: object) -> None:
        """Make the call of one of the stores and of the model."""
        if operation == "append":
            assert isinstance(argument, list)
            batch = [self._append(now, piece) for piece in argument]
            assert list(await self._store.append(batch)) == self._model.append(now, batch)
        else:
            assert isinstance(argument, int)
            await getattr(self, f"_{operation}")(now, argument)

    async def compare(self, now: int) -> None:
        """Compare what is stored."""
        for stream_id in self._ids:
            assert rounded(await self._store.get(stream_id)) == self._model.get(now, stream_id)
            for start in (0, self._chance.choice((1, 100, 2000))):
                assert await self._store.read(stream_id, start) == self._model.read(now, stream_id, start)
        session_key = self._records[0].session_key
        opened = [rounded(one) for one in await self._store.open_streams(session_key)]
        assert opened == self._model.open_streams(now, session_key)

    async def close(self) -> None:
        for store in self._stores:
            await store.close()

    @property
    def _store(self) -> LiveStore:
        return self._chance.choice(self._stores)

    def _append(self, now: int, piece: Piece) -> Append:
        stream_id = self._ids[piece.stream]
        record, source = self._model.get(now, stream_id), self._model.read(now, stream_id, 0)
        offset = max(0, len(source) - piece.back)
        data = source[offset:] + piece.data if piece.repeats else piece.data
        digest = None
        if piece.digest is not None:
            digest = sha256(source[:offset] + data + (b"" if piece.digest else b"!")).digest()
        epoch = piece.epochs + (0 if record is None else record.epoch)
        return Append(stream_id, epoch, offset, data, piece.ends, digest)

    async def _create(self, now: int, stream: int) -> None:
        record = self._records[stream]
        if record.stream_id not in self._model.ids:  # the ids of a service are all different
            assert rounded(await self._store.create(record)) == self._model.create(now, record)

    async def _adopt(self, now: int, stream: int) -> None:
        stream_id = self._ids[stream]
        assert rounded(await self._store.adopt(stream_id)) == self._model.adopt(now, stream_id)

    async def _cancel(self, now: int, stream: int) -> None:
        stream_id = self._ids[stream]
        assert rounded(await self._store.cancel(stream_id)) == self._model.cancel(now, stream_id)

    async def _expire(self, now: int, _stream: int) -> None:
        expected, found = self._model.expire(now), await self._store.expire()
        for streams, others in ((found.lost, expected.lost), (found.abandoned, expected.abandoned)):
            those = [rounded(one) for one in streams if one.stream_id in self._ids]
            assert sorted(those, key=str) == sorted(others, key=str)


def rounded(record: LiveRecord | None) -> LiveRecord | None:
    """The record with its silence in whole milliseconds: a store may compute with fractions."""
    return None if record is None else replace(record, silent_seconds=round(record.silent_seconds, 3))

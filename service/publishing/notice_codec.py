"""Notices between processes as bytes."""

from collections.abc import Iterator, Sequence

import msgspec
from msgspec import structs

from service.live.ports import LiveNotice, SourceStored

_ENVELOPE_BYTES = 256
"""More than a notice takes beside its data."""

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[LiveNotice])


def encode_notices(notices: Sequence[LiveNotice], most_bytes: int) -> Iterator[bytes]:
    """Encode the notices in order, as many in one message as ``most_bytes`` allow.

    The data of a notice that does not fit alone is left out: a receiver sees its end offset, and reads the store.
    """
    batch: list[LiveNotice] = []
    size = 0
    for notice in notices:
        fitting = _without_data(notice) if _size(notice) > most_bytes else notice
        if batch and size + _size(fitting) > most_bytes:
            yield _encoder.encode(batch)
            batch, size = [], 0
        batch.append(fitting)
        size += _size(fitting)
    if batch:
        yield _encoder.encode(batch)


def decode_notices(message: bytes) -> list[LiveNotice]:
    """Decode a message; another version of the service may have sent it. Return nothing for one that is not valid."""
    try:
        return _decoder.decode(message)
    except (msgspec.DecodeError, RecursionError):
        return []


def _size(notice: LiveNotice) -> int:
    return _ENVELOPE_BYTES + (len(notice.data) if isinstance(notice, SourceStored) else 4 * _ENVELOPE_BYTES)


def _without_data(notice: LiveNotice) -> LiveNotice:
    if not isinstance(notice, SourceStored):
        return notice
    return structs.replace(notice, offset=notice.offset + len(notice.data), data=b"")

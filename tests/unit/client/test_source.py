"""The source of a producer: nothing is lost or doubled, however it is sent and acknowledged."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from streaming_content.source import MAX_PART_BYTES, Source

TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"])))


@given(TEXTS, st.data())
def test_the_parts_are_the_text_whatever_is_stored_in_between(texts: list[str], data: st.DataObject) -> None:
    source, sent, offset = Source(), b"", 0
    for text in texts:
        source.write(text)
        while part := source.part(offset):
            part.decode()
            sent += part
            offset += len(part)
        source.store(data.draw(st.integers(source.durable, offset)))
        assert source.pending == offset - source.durable
    whole = "".join(texts).encode()
    assert sent == whole
    assert source.sha256 == hashlib.sha256(whole).hexdigest()
    assert whole[source.durable :] == source.part(source.durable)


def test_a_part_has_whole_characters_and_a_limit() -> None:
    source = Source()
    source.write("😀" * MAX_PART_BYTES + "x")
    parts, offset = [], 0
    while part := source.part(offset):
        parts.append(part.decode())
        offset += len(part)
    assert "".join(parts) == "😀" * MAX_PART_BYTES + "x"
    assert max(len(part.encode()) for part in parts) <= MAX_PART_BYTES


def test_after_an_adoption_offsets_go_on_and_there_is_no_digest() -> None:
    source = Source(10)
    source.write("more")
    assert (source.part(10), source.length, source.sha256) == (b"more", 14, None)

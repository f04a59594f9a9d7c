"""Packed plans: lossless, safe to read, and pinned by a digest for each version."""

import tracemalloc
from contextlib import nullcontext
from hashlib import sha256
from itertools import product
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from service.content import (
    CHUNKER_VERSION,
    Chunks,
    CloseTexts,
    Plan,
    Removal,
    UnreadablePlan,
    pack_plan,
    plan_key,
    unpack_plan,
)
from service.content.html.policy import PAGE
from service.content.html.urls import HostList
from service.content.prepare import prepare
from service.content.rules import DEFAULT_RULES
from service.protocol.errors import ChunkingFailed
from service.protocol.limits import Limits
from service.protocol.messages import ChunkBy, Complexity, ContentType, HtmlMode, Speed, StreamRequest
from service.protocol.trace import TraceContext
from tests.documents import content_type, paths

counts = st.integers(0, 2**40)
closes = st.sampled_from(["", "</p>", "</li></ol>", "</td></tr>"])


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    chunks = draw(st.lists(st.text(max_size=300), min_size=1, max_size=30))
    return Plan(
        chunks=Chunks.of(chunks),
        complexity=draw(st.sampled_from(Complexity)),
        word_count=draw(counts),
        has_html=draw(st.booleans()),
        speed=draw(st.sampled_from([speed for speed in Speed if speed is not Speed.ADAPTIVE])),
        max_chunk_characters=draw(st.integers(1, 2**40)),
        removed=draw(st.dictionaries(st.sampled_from(Removal), counts)),
        closes=draw(st.none() | st.lists(closes, min_size=len(chunks), max_size=len(chunks)).map(CloseTexts.of)),
    )


def plan_of(request: StreamRequest) -> Plan:
    return prepare(request, Limits(), lambda _stage: nullcontext())


PLAN = plan_of(StreamRequest(content="<p>A <b>bold é</b> word.</p>", content_type=ContentType.HTML))


# Round trip


@given(plans())
def test_packing_is_lossless(plan: Plan) -> None:
    assert unpack_plan(pack_plan(plan)) == plan


@pytest.mark.parametrize("path", paths(), ids=lambda path: path.name)
@pytest.mark.parametrize("html_mode", HtmlMode)
def test_packing_documents_is_lossless_and_compact(path: Path, html_mode: HtmlMode) -> None:
    text = path.read_text()
    plan = plan_of(StreamRequest(content=text, content_type=content_type(path), html_mode=html_mode))
    as_packed = pack_plan(plan)
    assert unpack_plan(as_packed) == plan
    # a byte for the length of each chunk, in incremental mode one for its close text
    assert len(as_packed) < len("".join(plan.chunks).encode()) + 2 * len(plan.chunks) + 1000


def test_packed_words_are_less_than_a_third_larger_than_the_text() -> None:
    text = "All the words of a sentence in the Latin script. " * 2000
    assert len(pack_plan(plan_of(StreamRequest(content=text)))) < 1.3 * len(text)


def test_the_failure_of_a_plan_is_not_packed() -> None:
    assert unpack_plan(pack_plan(replace(PLAN, failure=ChunkingFailed("It failed.")))) == PLAN


# Invalid bytes


@given(st.binary(max_size=200))
@example(b"\xdd\xff\xff\xff\xff")
@example(b"\x91" * 100_000)
@example(msgspec.msgpack.encode([1]))
def test_other_bytes_are_refused(nonsense: bytes) -> None:
    with pytest.raises(UnreadablePlan):
        unpack_plan(nonsense)


@given(st.data())
def test_a_plan_in_which_bytes_were_changed_is_refused_or_is_a_plan(data: st.DataObject) -> None:
    spoilt = bytearray(pack_plan(replace(PLAN, closes=CloseTexts.of(["</p>"] * len(PLAN.chunks)))))
    for _ in range(data.draw(st.integers(1, 3))):
        spoilt[data.draw(st.integers(0, len(spoilt) - 1))] = data.draw(st.integers(0, 255))
    try:
        plan = unpack_plan(bytes(spoilt))
    except UnreadablePlan:
        return
    assert unpack_plan(pack_plan(plan)) == plan
    assert plan.gap_seconds > 0
    assert plan.closes is None or len(plan.closes) == len(plan.chunks)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (0, 0),  # the format
        (0, 1),
        (2, []),  # lengths
        (2, [27]),
        (2, [28, 1, -1]),
        (2, [2**63]),
        (4, -1),
        (6, "adaptive"),
        (7, 0),
        (9, [""]),  # close texts without their indices
        (10, [0]),
        (11, [0]),  # indices without close texts
    ],
)
def test_an_inconsistent_plan_is_refused(place: int, value: object) -> None:
    fields = msgspec.msgpack.decode(pack_plan(PLAN))
    fields[place] = value
    with pytest.raises(UnreadablePlan):
        unpack_plan(msgspec.msgpack.encode(fields))


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (9, ["", "</p>", "</p>"]),
        (9, ["</p>", "</p>"]),  # the root has an end tag
        (10, [1, 0]),  # a parent after its child
        (10, [0, 1]),
        (10, [0, -1]),
        (11, [2]),
        (11, [-1]),
        (11, [0, 0]),
    ],
)
def test_inconsistent_close_texts_are_refused(place: int, value: object) -> None:
    fields = msgspec.msgpack.decode(pack_plan(replace(PLAN, chunks=Chunks.of(["a"]), closes=CloseTexts.of(["</p>"]))))
    fields[place] = value
    with pytest.raises(UnreadablePlan):
        unpack_plan(msgspec.msgpack.encode(fields))


@pytest.mark.parametrize("promise", [b"\xdd\x7f\xff\xff\xff", b"\xdf\x7f\xff\xff\xff"])
def test_a_declared_length_of_billions_allocates_no_memory(promise: bytes) -> None:
    start = pack_plan(PLAN)
    text = msgspec.msgpack.encode("".join(PLAN.chunks))
    lengths_at = start.index(text) + len(text)
    tracemalloc.start()
    try:
        with pytest.raises(UnreadablePlan):
            unpack_plan(start[:lengths_at] + promise)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


# The version


PINNED = {
    1: "635200c6493eda66439879dbb4657d794714c9a2ac519ad1f0c8c9821b4f5d1e",
    2: "e337a61c36ed4829caf8b73cca21a35b25e3705ee2bd76298365c887a6b06d37",
    3: "e337a61c36ed4829caf8b73cca21a35b25e3705ee2bd76298365c887a6b06d37",  # other documents differ
}
"""By version, the digest of the packed plans of tests/documents in every mode."""


def test_plans_of_this_version_have_the_recorded_digest() -> None:
    digest = sha256()
    documents = [path for path in paths() if path.parent.name == "documents"]
    for path in documents:
        content = path.read_text(encoding="utf-8")
        for kind, chunk_by, mode in product((ContentType.TEXT, content_type(path)), ChunkBy, HtmlMode):
            request = StreamRequest(content=content, content_type=kind, chunk_by=chunk_by, html_mode=mode)
            digest.update(pack_plan(plan_of(replace(request, speed=Speed.ADAPTIVE))))
    assert digest.hexdigest() == PINNED.get(CHUNKER_VERSION), (
        "The same content gives other plans than before. If that is meant (or a library that was updated does it, and "
        "that is all right), raise CHUNKER_VERSION in service/content/plan_key.py and add it to PINNED here with "
        f"{digest.hexdigest()}: then no plan that was made before is taken for one of today."
    )


REQUEST = StreamRequest(content="<p>a</p>")
SAME_PLAN = {"request_id": "r-1", "token": "t", "trace": TraceContext("1" * 32, "2" * 16, sampled=True)}
OTHER_PLAN = {
    "content": "<p>b</p>",
    "content_type": ContentType.HTML,
    "speed": Speed.SLOW,
    "chunk_by": ChunkBy.SENTENCE,
    "html_mode": HtmlMode.INCREMENTAL,
}


OTHER_RULES = {
    "policy": PAGE,
    "image_hosts": HostList.parse("a.example"),
    "link_hosts": HostList.parse("a.example"),
    "reasoning_tags": ("think",),
}


def test_the_key_depends_on_exactly_what_the_plan_depends_on() -> None:
    assert {*SAME_PLAN, *OTHER_PLAN} == {*StreamRequest.__struct_fields__}
    assert {*OTHER_RULES} == {*DEFAULT_RULES.__struct_fields__}
    key = plan_key(REQUEST, Limits(), DEFAULT_RULES, "x")
    for field, value in SAME_PLAN.items():
        assert plan_key(replace(REQUEST, **{field: value}), Limits(max_requests=1), DEFAULT_RULES, "x") == key
    others = [
        plan_key(replace(REQUEST, **{field: value}), Limits(), DEFAULT_RULES, "x")
        for field, value in OTHER_PLAN.items()
    ]
    others += [plan_key(REQUEST, Limits(max_chunk_characters=16), DEFAULT_RULES, "x")]
    others += [plan_key(REQUEST, Limits(max_prepared_characters=16), DEFAULT_RULES, "x")]
    others += [plan_key(REQUEST, Limits(), DEFAULT_RULES, "y")]
    others += [
        plan_key(REQUEST, Limits(), replace(DEFAULT_RULES, **{field: value}), "x")
        for field, value in OTHER_RULES.items()
    ]
    assert len({key, *others}) == 1 + len(others)

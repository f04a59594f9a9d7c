"""The writer in virtual time, over a store that takes its time."""

import asyncio
from collections.abc import Awaitable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.events import Event, LiveAppendsStored
from service.live.append_limits import GROUP_SECONDS, MAX_APPEND_BYTES, MAX_QUEUED_BYTES
from service.live.append_rule import Refusal
from service.live.ports import Appended, AppendResult, Refused, SourceStored
from service.live.records import Append, LiveStatus
from service.publishing.writer import MAX_WRITER_BYTES, TOUCH_SECONDS, LiveWriter
from service.session.ports import StoreUnavailable
from tests.unit.publishing.slow_live_store import SlowLiveStore
from tests.unit.publishing.virtually import virtually
from tests.virtual_time import run_virtually

OPEN = LiveStatus.OPEN


class Recording:
    """Implements ``Recorder``."""

    def record(self, event: Event) -> None:
        """Nothing is done with it."""


class Scene:
    """A writer, the stream ``s``, what was shown, and when."""

    def __init__(self, seconds: float = 0.001) -> None:
        self.store = SlowLiveStore(seconds)
        self.store.begin("s", "t")
        self.shown: list[SourceStored] = []
        self.events: list[Event] = []
        self.writer = LiveWriter(self.store, self._show, self, asyncio.get_running_loop().time)
        self.append = self.writer.append

    def record(self, event: Event) -> None:
        self.events.append(event)

    def begin(self, *appends: Append) -> list[asyncio.Task[AppendResult]]:
        return [asyncio.get_running_loop().create_task(self.append(one)) for one in appends]

    def _show(self, notices: Sequence[SourceStored]) -> None:
        for notice in notices:
            end = notice.offset + len(notice.data)
            assert self.store.source(notice.stream_id)[notice.offset : end] == notice.data, "stored, then shown"
        self.shown.extend(notices)


def of(offset: int, data: bytes, ends: LiveStatus | None = None, *, epoch: int = 0, to: str = "s") -> Append:
    return Append(to, epoch, offset, data, ends)


def now() -> float:
    return asyncio.get_running_loop().time()


@virtually
async def test_an_append_is_stored_and_shown_before_its_result() -> None:
    scene = Scene()
    result = await scene.append(of(0, b"abc"))
    assert result == Appended(3, b"abc", OPEN)
    [notice] = scene.shown
    assert (notice.stream_id, notice.epoch, notice.offset, notice.data, notice.status) == ("s", 0, 0, b"abc", OPEN)
    assert notice.age_seconds == pytest.approx(0.001, abs=1e-4)


@virtually
async def test_an_idle_writer_commits_at_once_and_others_wait_for_the_group() -> None:
    scene = Scene()
    await asyncio.sleep(1)
    began = now()
    first = scene.begin(of(0, b"a"))
    await asyncio.sleep(0.0005)
    others = scene.begin(of(1, b"b"), of(0, b"t", to="t"))
    await asyncio.sleep(0.002)
    others += scene.begin(of(2, b"c"))
    await asyncio.gather(*first, *others)
    assert [moment - began for moment in scene.store.began] == pytest.approx([0, GROUP_SECONDS], abs=1e-4)
    assert [[one.data for one in commit] for commit in scene.store.commits] == [[b"a"], [b"bc", b"t"]]
    await asyncio.sleep(GROUP_SECONDS)
    idle = now()
    await scene.append(of(3, b"d"))
    assert scene.store.began[-1] == pytest.approx(idle, abs=1e-4), "at once again"


@virtually
async def test_one_commit_is_in_flight_and_takes_all_that_waited_for_it() -> None:
    scene = Scene(seconds=0.05)
    appends = []
    for number in range(30):
        appends += scene.begin(of(number, b"x"))
        await asyncio.sleep(0.002)
    await asyncio.gather(*appends)
    assert [len(commit) for commit in scene.store.commits] == [1, 1, 1]
    assert [one.data for [one] in scene.store.commits] == [b"x", b"x" * 24, b"x" * 5]


@virtually
async def test_contiguous_appends_are_stored_as_one_and_each_has_its_result() -> None:
    scene = Scene()
    complete = LiveStatus.COMPLETE
    results = await asyncio.gather(*scene.begin(of(0, b"ab"), of(2, b"c"), of(3, b""), of(3, b"de", complete)))
    assert results == [Appended(5, data, complete) for data in (b"ab", b"c", b"", b"de")]
    assert scene.store.commits == [[of(0, b"abcde", complete)]]
    assert [(one.data, one.status) for one in scene.shown] == [(b"abcde", complete)]


@virtually
async def test_a_repetition_is_trimmed_also_in_a_merged_append() -> None:
    scene = Scene()
    await scene.append(of(0, b"abc"))
    results = await asyncio.gather(*scene.begin(of(0, b"ab"), of(2, b"cd"), of(4, b"e")))
    assert results == [Appended(5, data, OPEN) for data in (b"", b"d", b"e")]
    assert [(one.offset, one.data) for one in scene.shown] == [(0, b"abc"), (3, b"de")]


@virtually
async def test_what_was_refused_together_is_tried_one_by_one() -> None:
    scene = Scene()
    await scene.append(of(0, b"abc"))
    results = await asyncio.gather(*scene.begin(of(0, b"ab"), of(2, b"x"), of(3, b"d")))
    assert results == [Appended(3, b"", OPEN), Refused(Refusal.MISMATCH, 3), Appended(4, b"d", OPEN)]
    assert [[one.data for one in commit] for commit in scene.store.commits] == [
        [b"abc"],
        [b"abxd"],
        [b"ab", b"x", b"d"],
    ]
    assert scene.store.source("s") == b"abcd"


@virtually
async def test_the_last_bytes_are_stored_without_an_end_whose_digest_is_wrong() -> None:
    scene = Scene()
    wrong = Append("s", 0, 3, b"", LiveStatus.COMPLETE, b"\0" * 32)
    results = await asyncio.gather(*scene.begin(of(0, b"abc"), wrong))
    assert results == [Appended(3, b"abc", OPEN), Refused(Refusal.MISMATCH, 3)]
    assert [one.data for one in scene.shown] == [b"abc"]


@virtually
async def test_appends_of_different_producers_are_not_merged() -> None:
    scene = Scene()
    await scene.store.adopt("s")
    results = await asyncio.gather(
        *scene.begin(of(0, b"old"), of(0, b"new", epoch=1), of(3, b"old"), of(3, b"!", epoch=1))
    )
    assert results == [
        Refused(Refusal.FENCED, 0),
        Appended(3, b"new", OPEN),
        Refused(Refusal.FENCED, 3),
        Appended(4, b"!", OPEN),
    ]


@virtually
async def test_over_the_limit_of_a_stream_an_append_is_refused_until_some_are_stored() -> None:
    scene = Scene()
    part = b"x" * MAX_APPEND_BYTES
    fitting = MAX_QUEUED_BYTES // MAX_APPEND_BYTES
    queued = scene.begin(*(of(number * len(part), part) for number in range(fitting)))
    await asyncio.sleep(0)
    assert scene.writer.queued_bytes("s") == scene.writer.total_bytes == MAX_QUEUED_BYTES
    assert await scene.append(of(MAX_QUEUED_BYTES, b"y")) == Refused(Refusal.OVERLOADED, MAX_QUEUED_BYTES)
    assert await scene.append(of(0, b"y", to="t")) == Appended(1, b"y", OPEN), "another stream has its own limit"
    await asyncio.gather(*queued)
    assert scene.writer.queued_bytes("s") == scene.writer.total_bytes == 0
    assert await scene.append(of(MAX_QUEUED_BYTES, b"y")) == Appended(MAX_QUEUED_BYTES + 1, b"y", OPEN)


@virtually
async def test_all_streams_together_have_a_limit() -> None:
    scene = Scene(seconds=1)
    part = b"x" * MAX_APPEND_BYTES
    names = [f"{number}" for number in range(MAX_WRITER_BYTES // MAX_APPEND_BYTES)]
    scene.store.begin(*names)
    queued = scene.begin(*(of(0, part, to=name) for name in names))
    await asyncio.sleep(0)
    assert await scene.append(of(0, b"y")) == Refused(Refusal.OVERLOADED, 0)
    await asyncio.gather(*queued)


@virtually
async def test_a_stream_with_much_does_not_hold_up_the_others() -> None:
    scene = Scene()
    part = b"x" * MAX_APPEND_BYTES
    much = scene.begin(*(of(number * len(part), part) for number in range(4)), of(0, b"y", to="t"))
    await asyncio.gather(*much)
    assert [[(one.stream_id, len(one.data)) for one in commit] for commit in scene.store.commits] == [
        [("s", MAX_APPEND_BYTES), ("t", 1)],
        *([[("s", MAX_APPEND_BYTES)]] * 3),
    ]


@virtually
async def test_neither_does_one_with_very_many_appends_that_cannot_be_merged() -> None:
    scene = Scene()
    waiting = scene.begin(*(of(0, b"y") for _ in range(250)), of(0, b"y", to="t"))
    assert {type(one) for one in await asyncio.gather(*waiting)} == {Appended}
    assert [len(commit) for commit in scene.store.commits] == [101, 100, 50]


@virtually
async def test_a_fault_of_those_who_are_shown_it_does_not_stop_the_producers() -> None:
    store, faults = SlowLiveStore(), list[object]()
    store.begin("s")
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, context: faults.append(context["exception"]))
    error = ValueError("a bug")

    def show(_notices: Sequence[SourceStored]) -> None:
        raise error

    writer = LiveWriter(store, show, Recording(), loop.time)
    for offset in range(2):
        assert await writer.append(of(offset, b"x")) == Appended(offset + 1, b"x", OPEN)
    assert faults == [error] * 2


@virtually
async def test_when_the_store_is_unavailable_all_that_wait_fail_and_nothing_is_shown() -> None:
    scene = Scene(seconds=0.01)
    scene.store.failure = StoreUnavailable("stopped")
    waiting = scene.begin(of(0, b"a"))
    await asyncio.sleep(0.005)
    waiting += scene.begin(of(1, b"b"), of(0, b"t", to="t"))
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(one) for one in outcomes] == [StoreUnavailable] * 3
    assert scene.shown == []
    assert scene.writer.total_bytes == 0
    assert scene.events == []
    scene.store.failure = None
    assert await scene.append(of(0, b"ab")) == Appended(2, b"ab", OPEN)


@virtually
async def test_a_repetition_shows_where_the_source_ends() -> None:
    """The first attempt may have been stored although the store did not answer: then its bytes were not shown."""
    scene = Scene()
    await scene.store.append([of(0, b"abc")])
    assert await scene.append(of(0, b"abc")) == Appended(3, b"", OPEN)
    assert [(one.offset, one.data) for one in scene.shown] == [(3, b"")]


@virtually
async def test_a_repeated_end_is_not_shown_again() -> None:
    scene = Scene()
    end = of(0, b"abc", LiveStatus.COMPLETE)
    first, second = await scene.append(end), await scene.append(end)
    assert second == Appended(3, b"", LiveStatus.COMPLETE, repeated=True)
    assert first == Appended(3, b"abc", LiveStatus.COMPLETE)
    assert len(scene.shown) == 1


@virtually
async def test_a_caller_that_stops_waiting_does_not_undo_its_append() -> None:
    scene = Scene()
    [task] = scene.begin(of(0, b"abc"))
    await asyncio.sleep(0)
    task.cancel()
    assert await scene.append(of(3, b"d")) == Appended(4, b"d", OPEN)
    assert scene.store.source("s") == b"abcd"


@virtually
async def test_touches_are_stored_once_a_second() -> None:
    scene = Scene()
    await scene.append(of(0, b"abc"))
    commits = len(scene.store.commits)
    until = now() + 3 * TOUCH_SECONDS
    while now() < until:
        assert await scene.append(of(0, b"")) == Appended(3, b"", OPEN)
        await asyncio.sleep(0.1)
    assert len(scene.store.commits) - commits == 2
    await scene.store.adopt("s")
    await asyncio.sleep(TOUCH_SECONDS)
    assert await scene.append(of(0, b"")) == Refused(Refusal.FENCED, 3)
    assert await scene.append(of(0, b"", epoch=1)) == Appended(3, b"", OPEN)
    assert await scene.append(of(0, b"")) == Refused(Refusal.FENCED, 3), "not that of the other producer"


@virtually
async def test_each_commit_is_recorded() -> None:
    scene = Scene(seconds=0.01)
    first = scene.begin(of(0, b"abc"))
    await asyncio.sleep(0.004)
    others = scene.begin(of(3, b"de"), of(0, b"t", to="t"), of(7, b"gap", to="t"))
    await asyncio.gather(*first, *others)
    one, two = scene.events
    assert isinstance(one, LiveAppendsStored)
    assert isinstance(two, LiveAppendsStored)
    assert (one.streams, one.appends, one.bytes, one.undurable_bytes) == (1, 1, 3, 6)
    assert (two.streams, two.appends, two.bytes, two.undurable_bytes) == (2, 2, 3, 0)
    assert (two.seconds, two.longest_seconds) == pytest.approx((0.01, 0.016), abs=1e-4)


@virtually
async def test_a_writer_that_is_closed_has_stored_all() -> None:
    scene = Scene(seconds=0.01)
    waiting = scene.begin(of(0, b"a"))
    await asyncio.sleep(0.005)
    waiting += scene.begin(of(1, b"b"))
    await asyncio.sleep(0)
    await scene.writer.close()
    assert [one.result() for one in waiting] == [Appended(1, b"a", OPEN), Appended(2, b"b", OPEN)]
    with pytest.raises(StoreUnavailable):
        await scene.append(of(2, b"c"))


_cuts = st.tuples(
    st.sampled_from("st"), st.integers(0, 5), st.integers(0, 9), st.sampled_from((0.0, 0.0, 0.001, 0.006))
)
"""A stream, the bytes that are repeated, those that are new, and the pause that follows."""


@given(st.lists(_cuts, max_size=40), st.sampled_from((0.0, 0.001, 0.02)))
def test_any_cut_of_any_streams_is_stored_and_shown_once_in_order(
    cuts: list[tuple[str, int, int, float]], seconds: float
) -> None:
    async def run() -> None:
        scene = Scene(seconds)
        sources = {"s": b"", "t": b""}
        waiting: list[Awaitable[AppendResult]] = []
        for name, back, new, pause in cuts:
            offset = max(0, len(sources[name]) - back)
            sources[name] += bytes(at % 251 for at in range(len(sources[name]), len(sources[name]) + new))
            waiting += scene.begin(of(offset, sources[name][offset:], to=name))
            await asyncio.sleep(pause)
        results = await asyncio.gather(*waiting)
        assert all(isinstance(result, Appended) for result in results)
        for name, source in sources.items():
            assert scene.store.source(name) == source
            shown = [(one.offset, one.data) for one in scene.shown if one.stream_id == name]
            assert b"".join(part for _, part in shown) == source
            assert all(source[offset : offset + len(part)] == part for offset, part in shown)

    run_virtually(run())

"""The pace of a live stream: when a reader gets how much of what has arrived."""

import math
from itertools import zip_longest

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from service.content.live.document import Change
from service.protocol.messages import GAP_SECONDS, ChunkBy, HtmlMode, Speed
from service.session.live_delivery import END_SECONDS, HOLD_SECONDS
from tests.unit.content.live.histories import History, histories_of_html
from tests.unit.session.live_reader import QUANTUM_SECONDS, Reader, Text

WORDS = "The quick brown fox jumps over a lazy dog, and no cat has asked it why. "

arrivals = st.lists(
    st.tuples(st.integers(0, 800), st.text("ab é\U0001f600.\n", min_size=1, max_size=60)), min_size=1, max_size=40
)
speeds = st.sampled_from(Speed)
chunk_bys = st.sampled_from(ChunkBy)


def timed(arrivals: list[tuple[int, str]]) -> list[tuple[float, str]]:
    """With absolute times in seconds, of pauses in milliseconds."""
    at = 0
    times = []
    for pause, text in arrivals:
        at += pause
        times.append((at / 1000, text))
    return times


def burst(characters: int, start: int = 0) -> str:
    return (WORDS * (1 + (start + characters) // len(WORDS)))[start : start + characters]


@given(arrivals, speeds, chunk_bys)
def test_the_reader_has_the_whole_text_at_the_end_and_no_piece_before_its_arrival(
    arrivals: list[tuple[int, str]], speed: Speed, chunk_by: ChunkBy
) -> None:
    times = timed(arrivals)
    reader = Reader(Text(), speed, chunk_by)
    reader.play(times)
    assert reader.shown == "".join(text for _, text in times)
    assert reader.delivery.finished
    received = 0
    for at, piece, _ in reader.received:
        received += len(piece.data)
        assert received <= sum(len(text) for arrived_at, text in times if arrived_at <= at)
        assert piece.settled == len("".join(text for _, text in times)[:received].encode("utf-16-le")) // 2
    assert [at for at, _, _ in reader.received] == sorted(at for at, _, _ in reader.received)


@given(arrivals, speeds, chunk_bys)
def test_nothing_is_held_back_longer_than_the_limit_or_the_gap_of_the_speed(
    arrivals: list[tuple[int, str]], speed: Speed, chunk_by: ChunkBy
) -> None:
    times = timed(arrivals)
    reader = Reader(Text(), speed, chunk_by)
    reader.play(times)
    gap = GAP_SECONDS.get(speed, 0.0)
    longest = max(HOLD_SECONDS, gap) + gap + 2 * QUANTUM_SECONDS
    assert reader.delivery.longest_wait_seconds <= longest
    assert reader.received[-1].at <= times[-1][0] + max(END_SECONDS, gap) + QUANTUM_SECONDS


@given(histories_of_html(), st.lists(st.integers(0, 500)), speeds, chunk_bys, st.sampled_from(HtmlMode))
def test_what_was_guessed_wrong_is_replaced(
    history: History, pauses: list[int], speed: Speed, chunk_by: ChunkBy, mode: HtmlMode
) -> None:
    page = Text(is_text=False)
    reader = Reader(page, speed, chunk_by, mode=mode)
    at = 0.0
    for change, pause in zip_longest(history.changes, pauses[: len(history.changes)], fillvalue=10):
        assert isinstance(change, Change)
        assert isinstance(pause, int)
        at += pause / 1000
        reader.wait(at)
        page.content.apply(change)
        reader.change(at)
    reader.end()
    assert reader.shown == history.whole
    replaced = [piece for _, piece, _ in reader.received if piece.start is not UNSET]
    assert reader.delivery.replacements == len(replaced)
    assert not replaced or mode is HtmlMode.INCREMENTAL
    assert reader.delivery.finished


@pytest.mark.parametrize("jitter", [0.0, 0.02])
def test_bursts_are_spread_evenly(jitter: float) -> None:
    reader = Reader(Text())
    reader.play([(0.55 * k + jitter * (k % 3), burst(150, 150 * k)) for k in range(60)])
    gaps = sorted(reader.gaps)
    assert gaps[math.ceil(0.99 * len(gaps)) - 1] / gaps[len(gaps) // 2] <= 2
    assert len(reader.received) == 120


def test_a_burst_that_is_shorter_than_the_limit_is_spread_over_the_time_until_the_next() -> None:
    reader = Reader(Text())
    reader.play([(0.2 * k, burst(60, 60 * k)) for k in range(40)])
    gaps = sorted(reader.gaps[20:])
    assert gaps[math.ceil(0.95 * len(gaps)) - 1] <= 0.1
    assert len(gaps) > 200


def test_the_first_word_is_sent_at_once_and_tokens_are_not_delayed() -> None:
    reader = Reader(Text())
    tokens = ["It ", "is ", "what ", "it ", "is, ", "and ", "no ", "more. "]
    reader.play([(0.5 + 0.1 * k, token) for k, token in enumerate(tokens)], ends=False)
    # Each word is complete when the next one begins.
    assert [round(received.at, 3) for received in reader.received] == [0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2]
    assert [received.piece.data for received in reader.received] == tokens[:-1]


def test_a_source_that_is_slow_is_not_delayed() -> None:
    reader = Reader(Text())
    reader.play([(0.4 * k, f"word{k} ") for k in range(1, 20)])
    waits = [received.chunk.waited_seconds for received in reader.received[2:]]
    assert waits == [0.0] * len(waits)


def test_a_word_that_does_not_end_is_sent_after_the_limit_or_when_it_is_long() -> None:
    reader = Reader(Text())
    reader.play([(0.0, "unfinished")], ends=False)
    reader.wait(1.0)
    [(at, piece, _)] = reader.received
    assert at == pytest.approx(HOLD_SECONDS)
    assert piece.data == "unfinished"
    other = Reader(Text())
    other.play([(1.0, "x" * 35), (1.01, "x" * 35)], ends=False)
    assert [received.at for received in other.received] == [pytest.approx(1.01)]


def test_a_named_speed_is_the_shortest_gap_and_makes_chunks_larger() -> None:
    reader = Reader(Text(), Speed.NORMAL)
    reader.play([(0.02 * k, burst(5, 5 * k)) for k in range(300)])
    assert min(reader.gaps) >= GAP_SECONDS[Speed.NORMAL] - 1e-9
    assert reader.received[-1].at <= 6.3


def test_what_is_there_at_the_start_comes_in_one_piece() -> None:
    text = Text(WORDS * 100)
    reader = Reader(text)
    reader.wait(0.001)
    assert [len(received.piece.data) for received in reader.received] == [len(WORDS) * 100]


def test_a_pause_holds_back_everything_and_its_end_catches_up() -> None:
    reader = Reader(Text())
    reader.play([(0.1 * k, burst(20, 20 * k)) for k in range(10)], ends=False)
    before = len(reader.received)
    reader.delivery.pause(1.0)
    reader.delivery.pause(1.5)
    reader.play([(1.0 + 0.1 * k, burst(50, 50 * k)) for k in range(50)], ends=False)
    assert len(reader.received) == before
    assert reader.delivery.paused
    assert reader.delivery.paused_seconds(3.0) == 2.0
    reader.now = 7.0
    reader.delivery.resume(7.0)
    reader.take()
    caught_up = reader.received[before:]
    assert sum(len(received.piece.data) for received in caught_up) > 2400
    assert max(len(received.piece.data) for received in caught_up) > 900
    assert caught_up[0].chunk.waited_seconds == 0.0
    assert reader.delivery.paused_seconds(9.0) == 6.0
    reader.play([])
    assert reader.delivery.finished


def test_after_a_blocked_connection_pieces_are_as_long_as_they_may_be() -> None:
    text = Text()
    reader = Reader(text)
    text.append(WORDS * 50)
    reader.delivery.notice(0.0)
    reader.now = 3.0
    reader.delivery.release(3.0)
    reader.take()
    assert [len(received.piece.data) > 900 for received in reader.received[:-1]] == [True] * 3
    assert reader.received[0].chunk.gap_seconds is None


def test_after_a_skip_everything_is_sent_when_it_arrives() -> None:
    reader = Reader(Text(), Speed.SLOW)
    reader.play([(0.0, burst(300)), (0.1, burst(300))], ends=False)
    reader.delivery.skip(0.2)
    reader.delivery.skip(0.2)
    reader.wait(0.21)
    reader.play([(0.3 + 0.01 * k, burst(30)) for k in range(10)], ends=False)
    assert [round(received.at, 2) for received in reader.received[-10:]] == [
        round(0.3 + 0.01 * k, 2) for k in range(10)
    ]
    assert reader.delivery.skipped


def test_it_counts_what_was_sent() -> None:
    reader = Reader(Text("äöü "), now=1.0)
    reader.play([(2.0, "and "), (4.0, "more")])
    delivery = reader.delivery
    assert (delivery.index, delivery.bytes, delivery.replacements) == (3, 15, 0)
    assert delivery.started_at == 1.0
    assert delivery.first_chunk_seconds is not None
    assert delivery.longest_gap_seconds == pytest.approx(2.0, abs=0.3)


def test_the_age_of_what_arrives_is_part_of_the_wait() -> None:
    text = Text()
    reader = Reader(text)
    text.append("one two")
    reader.delivery.notice(1.0, 0.04)
    [(_, chunk)] = reader.delivery.take(1.0)
    assert chunk.waited_seconds == pytest.approx(0.04)


def test_nothing_is_due_without_something_to_take() -> None:
    delivery = Reader(Text()).delivery
    assert delivery.due_at == math.inf
    assert delivery.take(1.0) == []


def test_what_cannot_be_taken_while_the_document_is_changed_is_taken_soon_after() -> None:
    text = Text()
    reader = Reader(text)
    text.append(WORDS)
    reader.change(0.0)
    sent = len(reader.received)
    text.content.freeze()
    reader.wait(1.0)
    assert len(reader.received) == sent
    reader.delivery.notice(1.0)
    text.content.thaw()
    reader.wait(1.0 + 4 * QUANTUM_SECONDS)
    assert reader.shown == WORDS
    assert reader.delivery.due_at == math.inf

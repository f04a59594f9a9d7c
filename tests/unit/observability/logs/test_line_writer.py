"""The line writer: writing never blocks, lines arrive whole and in order, lost lines are counted."""

import fcntl
import os
import select
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import pytest

from observability.logs.line_writer import LineWriter
from tests.waiting import LIMIT_SECONDS

PIPE_BYTES = 4096


class Losses:
    """Counts lost lines, and waits for a count."""

    def __init__(self) -> None:
        self.count = 0
        self._news = threading.Condition()

    def __call__(self, count: int) -> None:
        with self._news:
            self.count += count
            self._news.notify_all()

    def wait_for(self, count: int) -> None:
        with self._news:
            assert self._news.wait_for(lambda: self.count >= count, LIMIT_SECONDS), self.count


class Pipe(NamedTuple):
    reader: BinaryIO
    writer: int


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    """A small pipe, which is full soon when it is not read."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    with os.fdopen(reader, "rb") as readable:
        yield Pipe(readable, writer)
    os.close(writer)


@pytest.fixture
def losses() -> Losses:
    return Losses()


def notice(count: int) -> bytes:
    return b"lost %d\n" % count


def numbered(number: int) -> bytes:
    return b"line %d %s\n" % (number, b"." * 200)  # a pipe holds about twenty


def read_until(reader: BinaryIO, last: bytes) -> list[bytes]:
    """Lines up to and including the last."""
    lines = [reader.readline()]
    while lines[-1] != last:
        lines.append(reader.readline())
    return lines


def accounted_for(lines: Iterable[bytes]) -> int:
    """The number of lines that arrived, in order, or are counted in a notice."""
    count = 0
    for line in lines:
        if line.startswith(b"lost "):
            count += int(line.split()[1])
        else:
            assert line == numbered(count)
            count += 1
    return count


def test_lines_arrive_whole_and_in_order(pipe: Pipe, losses: Losses) -> None:
    writer = LineWriter(pipe.writer, notice, losses)
    lines = [*map(numbered, range(2000)), b"x" * 3 * PIPE_BYTES + b"\n", numbered(2001)]
    for line in lines:
        writer.write(line)
    assert read_until(pipe.reader, lines[-1]) == lines
    writer.close(LIMIT_SECONDS)
    assert losses.count == 0


def test_a_stopped_reader_blocks_no_writer_and_gets_the_number_of_lost_lines(pipe: Pipe, losses: Losses) -> None:
    writer = LineWriter(pipe.writer, notice, losses, max_lines=100)
    for number in range(2000):  # many times what the pipe and the queue hold
        writer.write(numbered(number))
    assert losses.count > 0
    lines = read_until(pipe.reader, numbered(49))  # there is room again, but the gap has not ended
    for number in range(2000, 4000):
        writer.write(numbered(number))
    lost = losses.count

    while accounted_for(lines) < 4000:
        lines.append(pipe.reader.readline())
    writer.write(b"the end\n")
    assert read_until(pipe.reader, b"the end\n")[-1] == b"the end\n"
    writer.close(LIMIT_SECONDS)
    assert lines[-1] == notice(lost)
    assert losses.count == lost


def test_the_queue_is_bounded_by_bytes_too(pipe: Pipe, losses: Losses) -> None:
    writer = LineWriter(pipe.writer, notice, losses, max_bytes=10 * PIPE_BYTES)
    for _ in range(20):
        writer.write(b"x" * PIPE_BYTES + b"\n")
    assert losses.count >= 8  # ten are queued, one is being written, one is in the pipe
    writer.close(0)


def test_a_descriptor_that_does_not_block_loses_nothing(pipe: Pipe, losses: Losses) -> None:
    os.set_blocking(pipe.writer, False)
    writer = LineWriter(pipe.writer, notice, losses)
    for number in range(5000):
        writer.write(numbered(number))
    assert accounted_for(read_until(pipe.reader, numbered(4999))) == 5000
    writer.close(LIMIT_SECONDS)
    assert losses.count == 0


def test_lines_are_lost_while_there_is_no_reader_and_written_when_there_is_one_again(
    tmp_path: Path, losses: Losses
) -> None:
    fifo = tmp_path / "log"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    descriptor = os.open(fifo, os.O_WRONLY)
    writer = LineWriter(descriptor, notice, losses)

    writer.write(b"x" * 1_000_000 + b"\n")  # more than a pipe holds: the reader closes in the middle of it
    select.select([reader], [], [], LIMIT_SECONDS)
    os.close(reader)
    losses.wait_for(1)
    for number in range(100):
        writer.write(numbered(number))
    losses.wait_for(101)

    with fifo.open("rb") as returned:
        partial = returned.readline()
        assert set(partial) == set(b"x\n"), "the line after a partial line starts a new line"
        assert len(partial) < 1_000_000
        assert returned.readline() == notice(101)
        writer.write(numbered(0))
        while (line := returned.readline()) != numbered(0):  # the notice may be read before the gap has ended
            assert line == notice(1)
            writer.write(numbered(0))
    writer.close(LIMIT_SECONDS)
    os.close(descriptor)


def test_close_writes_the_queue(pipe: Pipe, losses: Losses) -> None:
    writer = LineWriter(pipe.writer, notice, losses)
    for number in range(10):
        writer.write(numbered(number))
    writer.close(LIMIT_SECONDS)
    assert accounted_for(read_until(pipe.reader, numbered(9))) == 10
    writer.write(b"after close\n")
    assert losses.count == 1


def test_close_does_not_wait_for_a_stopped_reader(pipe: Pipe, losses: Losses) -> None:
    writer = LineWriter(pipe.writer, notice, losses)
    for number in range(5000):
        writer.write(numbered(number))
    writer.close(0.1)
    arrived = os.read(pipe.reader.fileno(), PIPE_BYTES).count(b"\n")
    assert arrived > 0
    assert arrived + losses.count >= 5000  # a line that was being written may be counted and arrive


def test_lines_of_several_writers_on_one_pipe_do_not_interleave(pipe: Pipe, losses: Losses) -> None:
    lines = [bytes([letter]) * 300 + b"\n" for letter in b"ab"]
    writers = [LineWriter(pipe.writer, notice, losses) for _ in lines]
    for _ in range(500):
        for writer, line in zip(writers, lines, strict=True):
            writer.write(line)
    arrived = pipe.reader.read(301 * 1000)
    assert sorted(arrived.splitlines(keepends=True)) == sorted(lines * 500)
    for writer in writers:
        writer.close(LIMIT_SECONDS)

"""The writer: nobody who writes ever waits, what arrives is whole and in order, and what is lost is counted."""

import fcntl
import os
import select
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import pytest

from observability.logs.line_writer import LineWriter

PIPE_BYTES = 4096
SECONDS = 10


class Losses:
    """What ``on_lost`` was told, and a way to wait for it."""

    def __init__(self) -> None:
        self.count = 0
        self._news = threading.Condition()

    def __call__(self, count: int) -> None:
        with self._news:
            self.count += count
            self._news.notify_all()

    def wait_for(self, count: int) -> None:
        with self._news:
            assert self._news.wait_for(lambda: self.count >= count, SECONDS), self.count


class Pipe(NamedTuple):
    reader: BinaryIO
    writer: int


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    """A small one, so that a reader who does not read is noticed soon."""
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
    return b"line %d %s\n" % (number, b"." * 200)  # a pipe's worth is about twenty


def read_until(reader: BinaryIO, last: bytes) -> list[bytes]:
    """Lines up to that one."""
    lines = [reader.readline()]
    while lines[-1] != last:
        lines.append(reader.readline())
    return lines


def accounted_for(lines: Iterable[bytes]) -> int:
    """How many lines were written, going by those that arrived in order and by the notices of the gaps."""
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
    writer.close(SECONDS)
    assert losses.count == 0


def test_a_reader_who_stops_holds_up_nobody_and_learns_how_much_was_lost(pipe: Pipe, losses: Losses) -> None:
    writer = LineWriter(pipe.writer, notice, losses, max_lines=100)
    for number in range(2000):  # many times what the pipe and the queue hold, and nobody reads
        writer.write(numbered(number))
    assert losses.count > 0
    lines = read_until(pipe.reader, numbered(49))  # now there is room again, but not at the end of the gap
    for number in range(2000, 4000):
        writer.write(numbered(number))
    lost = losses.count

    while accounted_for(lines) < 4000:
        lines.append(pipe.reader.readline())
    writer.write(b"the end\n")
    assert read_until(pipe.reader, b"the end\n")[-1] == b"the end\n"
    writer.close(SECONDS)
    assert lines[-1] == notice(lost)
    assert losses.count == lost


def test_the_queue_is_bounded_by_bytes_too(pipe: Pipe, losses: Losses) -> None:
    writer = LineWriter(pipe.writer, notice, losses, max_bytes=10 * PIPE_BYTES)
    for _ in range(20):
        writer.write(b"x" * PIPE_BYTES + b"\n")
    assert losses.count >= 8  # ten wait, one is on its way, one is in the pipe
    writer.close(0)


def test_a_descriptor_that_does_not_block_loses_nothing(pipe: Pipe, losses: Losses) -> None:
    os.set_blocking(pipe.writer, False)
    writer = LineWriter(pipe.writer, notice, losses)
    for number in range(5000):
        writer.write(numbered(number))
    assert accounted_for(read_until(pipe.reader, numbered(4999))) == 5000
    writer.close(SECONDS)
    assert losses.count == 0


def test_a_reader_who_leaves_harms_nobody_and_may_come_back(tmp_path: Path, losses: Losses) -> None:
    fifo = tmp_path / "log"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    descriptor = os.open(fifo, os.O_WRONLY)
    writer = LineWriter(descriptor, notice, losses)

    writer.write(b"x" * 1_000_000 + b"\n")  # more than a pipe holds: the reader leaves in the middle of it
    select.select([reader], [], [], SECONDS)
    os.close(reader)
    losses.wait_for(1)
    for number in range(100):
        writer.write(numbered(number))
    losses.wait_for(101)

    with fifo.open("rb") as returned:
        torso = returned.readline()
        assert set(torso) == set(b"x\n"), "what follows the torso stands on a line of its own"
        assert len(torso) < 1_000_000
        assert returned.readline() == notice(101)
        writer.write(numbered(0))
        assert returned.readline() == numbered(0)
    writer.close(SECONDS)
    os.close(descriptor)


def test_closing_writes_what_waits(pipe: Pipe, losses: Losses) -> None:
    writer = LineWriter(pipe.writer, notice, losses)
    for number in range(10):
        writer.write(numbered(number))
    writer.close(SECONDS)
    assert accounted_for(read_until(pipe.reader, numbered(9))) == 10
    writer.write(b"too late\n")
    assert losses.count == 1


def test_closing_gives_up_on_a_reader_who_has_stopped(pipe: Pipe, losses: Losses) -> None:
    writer = LineWriter(pipe.writer, notice, losses)
    for number in range(5000):
        writer.write(numbered(number))
    writer.close(0.1)
    arrived = os.read(pipe.reader.fileno(), PIPE_BYTES).count(b"\n")
    assert arrived > 0
    assert arrived + losses.count >= 5000  # a line that was on its way may be counted and arrive all the same


def test_processes_that_share_a_pipe_do_not_cut_one_another(pipe: Pipe, losses: Losses) -> None:
    lines = [bytes([letter]) * 300 + b"\n" for letter in b"ab"]
    writers = [LineWriter(pipe.writer, notice, losses) for _ in lines]
    for _ in range(500):
        for writer, line in zip(writers, lines, strict=True):
            writer.write(line)
    arrived = pipe.reader.read(301 * 1000)
    assert sorted(arrived.splitlines(keepends=True)) == sorted(lines * 500)
    for writer in writers:
        writer.close(SECONDS)

"""Notices between processes of one machine. Here several buses run in one event loop."""

import asyncio
import os
import socket
from itertools import count
from pathlib import Path

import pytest

from service.live.ports import LiveNotice, StreamCreated, StreamTouched
from service.publishing import local_bus
from service.publishing.local_bus import LocalBus, socket_directories
from tests.integration.publishing.bus_listener import Listener
from tests.unit.publishing.notices import a_record, stored


def _listener(*directories: Path) -> Listener:
    errors: list[OSError] = []
    return Listener(LocalBus(directories, errors.append), errors)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return socket_directories(tmp_path)[0]


async def test_notices_reach_those_who_follow_and_not_their_sender(directory: Path) -> None:
    async with (
        _listener(directory).running() as follower,
        _listener(directory).running() as other,
        _listener(directory).running() as sender,
    ):
        for listener in (sender, follower):
            listener.bus.follow("stream")
        sent: list[LiveNotice] = [StreamCreated(a_record()), stored(0, b"abc"), StreamTouched("stream", 1)]
        foreign = stored(9, b"", stream_id="x")
        last = StreamCreated(a_record("last"))
        sender.bus.publish([*sent, foreign, last])
        await follower.has(last)
        await other.has(last)
    assert follower.received == [*sent, last]
    assert other.received == [sent[0], last]
    assert sender.received == []


async def test_followers_are_counted(directory: Path) -> None:
    async with _listener(directory).running() as follower, _listener(directory).running() as sender:
        for call in (follower.bus.follow, follower.bus.follow, follower.bus.unfollow):
            call("stream")
        sender.bus.publish([stored(0, b"followed once")])
        await follower.has(stored(0, b"followed once"))
        follower.bus.unfollow("stream")
        sender.bus.publish([stored(1, b"no longer"), StreamCreated(a_record())])
        await follower.has(StreamCreated(a_record()))
    assert stored(1, b"no longer") not in follower.received


async def test_a_peer_that_does_not_read_for_a_while_gets_everything_in_order(directory: Path) -> None:
    async with _listener(directory).running() as follower, _listener(directory).running() as sender:
        follower.bus.follow("stream")
        sent = [stored(index, b"token") for index in range(500)]
        for notice in sent:  # the kernel keeps a few of these datagrams
            sender.bus.publish([notice])
        await follower.has(sent[-1])
    assert follower.received == sent


async def test_what_exceeds_the_backlog_is_dropped_and_later_notices_arrive(directory: Path) -> None:
    async with _listener(directory).running() as follower, _listener(directory).running() as sender:
        follower.bus.follow("stream")
        sent = [stored(index, bytes(60_000)) for index in range(50)]
        for notice in sent:
            sender.bus.publish([notice])
        await follower.has(sent[9])
        sender.bus.publish([stored(99, b"later")])
        await follower.has(stored(99, b"later"))
    assert len(follower.received) < 50


@pytest.fixture
def killed(directory: Path) -> Path:
    """The socket of a killed process."""
    directory.mkdir(parents=True)
    path = directory / "killed"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as left:
        left.bind(str(path))
    return path


async def test_sockets_of_killed_processes_are_removed(directory: Path, killed: Path) -> None:
    async with _listener(directory).running() as listener:
        listener.bus.publish([stored(0, b"")])
    assert not os.path.exists(killed)  # noqa: ASYNC240, PTH110 - nothing else runs here


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that is no socket."""
    path = tmp_path / "file"
    path.write_bytes(b"")
    return path


async def test_only_sockets_are_removed(file: Path) -> None:
    async with _listener(file.parent).running() as listener:
        listener.bus.publish([stored(0, b"")])
    assert os.path.exists(file)  # noqa: ASYNC240, PTH110 - nothing else runs here


@pytest.fixture
def link(tmp_path: Path) -> Path:
    """A link to a directory."""
    path = tmp_path / "link"
    path.symlink_to(tmp_path)
    return path


async def test_a_link_to_a_directory_is_not_used(link: Path) -> None:
    async with _listener(link).running() as listener:
        [error] = listener.errors
        assert isinstance(error, PermissionError)


async def test_what_no_socket_can_send_is_dropped(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_bus, "_MOST_BYTES", 10_000_000)
    async with _listener(directory).running() as follower, _listener(directory).running() as sender:
        follower.bus.follow("stream")
        sender.bus.publish([stored(0, bytes(5_000_000))])
        sender.bus.publish([stored(5_000_000, b"later")])
        await follower.has(stored(5_000_000, b"later"))
    assert len(follower.received) == 1


async def test_a_process_that_starts_and_ends_later_is_known_as_long_as_it_runs(directory: Path) -> None:
    async with _listener(directory).running() as other, _listener(directory).running() as sender:
        async with _listener(directory).running() as later:
            for number in count():  # it has greeted the sender, which has not read that yet
                sender.bus.publish([StreamCreated(a_record(f"stream {number}"))])
                await asyncio.sleep(0)
                if later.received:
                    break
        for name in ("second", "third"):
            sender.bus.publish([StreamCreated(a_record(name))])
        await other.has(StreamCreated(a_record("third")))


async def test_without_a_directory_there_are_no_peers() -> None:
    async with _listener().running() as alone:
        alone.bus.publish([stored(0, b"")])
    assert alone.errors == []


async def test_a_directory_that_cannot_be_used_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    async with _listener(tmp_path / "file").running() as alone:
        alone.bus.publish([stored(0, b"")])
    assert len(alone.errors) == 1


async def test_the_next_directory_is_used_where_one_cannot_be(tmp_path: Path) -> None:
    _, temporary = socket_directories(tmp_path)
    for unusable in (tmp_path / ("long" * 40), Path("/proc")):
        async with (
            _listener(unusable, temporary).running() as follower,
            _listener(unusable, temporary).running() as sender,
        ):
            sender.bus.publish([StreamCreated(a_record())])
            await follower.has(StreamCreated(a_record()))
        assert follower.errors == []


def test_processes_with_other_data_have_other_directories(tmp_path: Path) -> None:
    names = {directory for number in range(2) for directory in socket_directories(tmp_path / f"{number}")}
    assert len(names) == 4

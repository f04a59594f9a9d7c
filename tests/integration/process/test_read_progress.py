"""What the system reports of a connection."""

import select
import socket
from contextlib import suppress

from service.process.read_progress import acknowledged_bytes, end_unacknowledged
from tests.waiting import LIMIT_SECONDS


def test_linux_reports_it_where_it_is_read() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        accepted, _ = server.accept()
        with accepted:
            before = acknowledged_bytes(client)
            assert before is not None
            client.sendall(b"x" * 1000)
            assert len(accepted.recv(1000, socket.MSG_WAITALL)) == 1000
            accepted.sendall(b"y")  # its segment acknowledges what was received
            assert client.recv(1) == b"y"
            assert acknowledged_bytes(client) == before + 1000


def test_linux_ends_a_connection_of_which_nothing_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        accepted, _ = server.accept()
        with accepted:
            end_unacknowledged(accepted, 0.05)
            accepted.setblocking(False)  # noqa: FBT003 - the library takes it so
            with suppress(BlockingIOError):
                while accepted.send(bytes(65_536)):
                    pass
            ended = select.poll()
            ended.register(accepted, select.POLLHUP)
            assert ended.poll(1000 * LIMIT_SECONDS), "the client reads nothing"

"""What the system reports of a connection."""

import socket

from service.process.read_progress import acknowledged_bytes


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

"""A client program on Python's websockets: each line of standard input is sent, each message printed as a line."""

import sys
import threading

from websockets.sync.client import ClientConnection, connect


def _send_lines(socket: ClientConnection) -> None:
    for line in sys.stdin:
        socket.send(line.rstrip("\n"))
    socket.close()


if __name__ == "__main__":
    with connect(sys.argv[1]) as connection:
        threading.Thread(target=_send_lines, args=[connection], daemon=True).start()
        for message in connection:
            print(message, flush=True)  # noqa: T201 - for the test to read

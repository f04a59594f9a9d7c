"""A client on Python's websockets: sends each line of standard input, and prints each message as a line."""

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
            print(message, flush=True)  # noqa: T201 - the test reads it

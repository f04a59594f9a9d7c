"""What opening a connection raises."""

import pytest
from websockets.exceptions import ConnectionClosedError

from streaming_content import ConnectFailed, connect, handshake


async def test_a_connection_that_is_lost_before_the_request_is_sent_was_not_opened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def lose(*_arguments: object, **_options: object) -> None:
        raise ConnectionClosedError(None, None)

    monkeypatch.setattr(handshake, "open_socket", lose)
    with pytest.raises(ConnectFailed, match="closed the connection"):
        await connect("ws://service.example")

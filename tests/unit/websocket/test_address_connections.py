"""The limit of connections that WebSockets and readers by server-sent events of one address share."""

from service.websocket.address_connections import AddressConnections


def test_an_address_is_full_until_one_of_its_connections_ends() -> None:
    connections = AddressConnections(2)
    connections.add("a")
    assert not connections.is_full("a")
    connections.add("a")
    assert connections.is_full("a")
    assert not connections.is_full("b")
    connections.release("a")
    assert not connections.is_full("a")


def test_without_a_limit_or_an_address_nothing_is_counted() -> None:
    unlimited, limited = AddressConnections(None), AddressConnections(1)
    for connections, address in ((unlimited, "a"), (limited, "")):
        for _ in range(3):
            connections.add(address)
        assert not connections.is_full(address)
        for _ in range(3):
            connections.release(address)

"""The address of a deployment, from the URLs that people write."""

import pytest

from streaming_content import Address, InvalidAddress


@pytest.mark.parametrize(
    ("url", "http", "socket"),
    [
        ("ws://127.0.0.1:8000", "http://127.0.0.1:8000", "ws://127.0.0.1:8000/ws/stream/s"),
        ("http://localhost:8000/", "http://localhost:8000", "ws://localhost:8000/ws/stream/s"),
        ("https://api.example.com", "https://api.example.com:443", "wss://api.example.com:443/ws/stream/s"),
        ("wss://example.com/ws/stream", "https://example.com:443", "wss://example.com:443/ws/stream/s"),
        (
            "https://example.com/sales/ws/stream/x",
            "https://example.com:443/sales",
            "wss://example.com:443/sales/ws/stream/s",
        ),
        ("ws://[::1]:8000", "http://[::1]:8000", "ws://[::1]:8000/ws/stream/s"),
        ("wss://h?key=a", "https://h:443", "wss://h:443/ws/stream/s?key=a"),
    ],
)
def test_four_schemes_are_accepted_with_or_without_the_path(url: str, http: str, socket: str) -> None:
    address = Address.parse(url)
    assert str(address) == http
    assert address.socket_url("s") == socket


def test_the_session_id_of_the_url_is_decoded() -> None:
    assert Address.parse("ws://h/ws/stream/my%3Asession").session_id == "my:session"
    assert Address.parse("ws://h/ws/stream/").session_id is None


def test_a_session_id_is_one_path_segment() -> None:
    assert Address.parse("ws://h").socket_url("../a b\r\n").endswith("/ws/stream/..%2Fa%20b%0D%0A")


@pytest.mark.parametrize(
    "url", ["localhost:8000", "example.com", "ftp://example.com", "ws://", "ws://h:port", "ws://ä..b", ""]
)
def test_other_text_is_refused(url: str) -> None:
    with pytest.raises(InvalidAddress, match=r"address|URL"):
        Address.parse(url)

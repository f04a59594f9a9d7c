"""The sentences and the fields of the exceptions."""

import errno
import socket
import ssl

import pytest

from streaming_content import Address, ConnectFailed, ConnectionClosed, ServerError

HERE = Address.parse("http://127.0.0.1:8000")


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), "connection refused"),
        (OSError("Multiple exceptions: [Errno 111] Connect call failed ('::1', 8000, 0, 0)"), "connection refused"),
        (TimeoutError(), "it did not answer in time"),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "cannot be resolved"),
        (ssl.SSLError(1, "WRONG_VERSION_NUMBER"), "use ws:// or http://"),
        (ConnectionResetError(), "use wss:// or https://"),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), "Network is unreachable"),
    ],
)
def test_an_error_of_the_network_is_one_sentence(error: OSError, cause: str) -> None:
    sentence = str(ConnectFailed.from_os_error(HERE, error))
    assert sentence.startswith("Cannot connect to http://127.0.0.1:8000: ")
    assert sentence.endswith(".")
    assert cause in sentence


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b"null", b"[" * 100_000])
def test_a_refusal_without_a_sentence_has_its_status(body: bytes) -> None:
    assert str(ConnectFailed.from_response(502, body, None)) == "The server refused the connection with HTTP 502."


def test_a_refusal_has_the_sentence_of_the_service_and_its_wait() -> None:
    refusal = ConnectFailed.from_response(503, b'{"error": "The server restarts."}', "5")
    assert str(refusal) == "The server refused the connection with HTTP 503. The server restarts. Retry after 5 s."
    assert (refusal.status, refusal.retry_after) == (503, "5")


@pytest.mark.parametrize(
    ("code", "may_reconnect"), [(1000, True), (1006, True), (1009, False), (1012, True), (4103, False), (4999, True)]
)
def test_a_close_code_states_whether_to_reconnect(code: int, may_reconnect: bool) -> None:
    assert ConnectionClosed(code).may_reconnect is may_reconnect


def test_an_unknown_close_code_shows_the_reason_of_the_frame() -> None:
    assert str(ConnectionClosed(4999, "maintenance")) == "The server closed the connection (4999: maintenance)."


def test_an_error_message_has_its_fields() -> None:
    error = ServerError({"code": "QUEUE_FULL", "message": "Wait.", "retryable": True, "request_id": "r"})
    assert (str(error), error.code, error.fatal, error.retryable) == ("QUEUE_FULL: Wait.", "QUEUE_FULL", False, True)
    assert (error.request_id, error.stream_id, error.retry_after_seconds) == ("r", None, None)
    assert ServerError({"code": "SERVER_BUSY", "retry_after_ms": 2500}).retry_after_seconds == 2.5
    assert (error.scope, ServerError({"scope": "requests"}).scope) == (None, "requests")


@pytest.mark.parametrize(
    ("status", "may_reconnect"), [(None, True), (400, False), (401, False), (403, False), (429, True), (503, True)]
)
def test_a_refused_handshake_states_whether_to_try_again(status: int | None, may_reconnect: bool) -> None:
    assert ConnectFailed("Refused.", status).may_reconnect is may_reconnect

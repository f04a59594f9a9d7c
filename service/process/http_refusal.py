"""How a request is answered that is not read in full, or not at all."""

import json
from http import HTTPStatus

_RETRY_AFTER_SECONDS = 5

_SENTENCES = {
    HTTPStatus.BAD_REQUEST: "The request is not valid HTTP.",
    HTTPStatus.REQUEST_TIMEOUT: "The request was not complete in time. Send it again, at once.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large. Send less at once.",
    HTTPStatus.REQUEST_URI_TOO_LONG: "The address is too long.",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many connections are open from this address. Close one, then connect again.",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "The headers are too large. Send fewer or smaller ones.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The server has no free socket. Reconnect in some seconds.",
}


class Refused(Exception):
    """The request is answered with this status."""

    def __init__(self, status: HTTPStatus, sentence: str | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.sentence = sentence or _SENTENCES[status]


def response_to(refused: Refused, default_headers: list[tuple[bytes, bytes]]) -> bytes:
    """The whole response."""
    body = json.dumps({"error": refused.sentence}).encode()
    headers = [
        *default_headers,
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    if refused.status is HTTPStatus.SERVICE_UNAVAILABLE:
        headers.append((b"retry-after", str(_RETRY_AFTER_SECONDS).encode()))
    lines = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
    return f"HTTP/1.1 {refused.status.value} {refused.status.phrase}\r\n".encode() + lines + b"\r\n" + body
